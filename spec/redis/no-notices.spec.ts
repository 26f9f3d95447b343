import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Election, elect } from 'rx-leader';
import { until } from '../support/until.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
const elections: Election[] = [];
const ended: Array<() => unknown> = [];
let warned: jest.SpiedFunction<typeof process.emitWarning>;

beforeEach(() => {
  warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(async () => {
  for (const election of elections.splice(0)) await election.close();
  for (const end of ended.splice(0)) await end();
  warned.mockRestore();
});

const codes = () => warned.mock.calls.map(([, options]) => (options as { code?: string }).code);
const silences = () => codes().filter((code) => code === 'RX_LEADER_NO_NOTICES');

function stand(options: Partial<Parameters<typeof elect>[0]>): Election {
  const election = elect({ key: 'an election', ttl: 5_000, wait: 100, ...options } as Parameters<typeof elect>[0]);
  election.subscribe();
  elections.push(election);
  return election;
}

const login = async (...rules: string[]) => {
  await redis.client.sendCommand(['ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', '+@all', ...rules]);
  return { username: 'app', password: 'secret' };
};

it('warns once that notices cannot arrive, and what it costs, if the user has no channels', async () => {
  const client = await redis.server.client(await login('resetchannels'));
  const a = stand({ redis: client });
  stand({ redis: client, key: 'another' });
  await until(() => a.isLeading && silences().length > 0);
  await until(() => elections.every(({ isLeading }) => isLeading));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(silences()).toHaveLength(1);
  const [text] = warned.mock.calls.find(([, options]) => (options as { code?: string }).code === silences()[0]) ?? [];
  expect(text).toMatch(/a hand-over takes up to that long/);
  await redis.client.sendCommand(['ACL', 'SETUSER', 'app', 'allchannels']);
});

it('warns with ioredis as well', async () => {
  const client = new Redis({ port: redis.server.port, ...(await login('resetchannels')) });
  ended.push(() => client.disconnect());
  stand({ redis: client });
  await until(() => silences().length > 0);
  expect(silences()).toHaveLength(1);
});

it('warns if only publishing is forbidden', async () => {
  const client = await redis.server.client(await login('allchannels', '-publish'));
  stand({ redis: client });
  await until(() => silences().length > 0);
});

it('does not warn if notices arrive, or if warnings are disabled', async () => {
  const heard = stand({ redis: await redis.server.client(await login('allchannels')) });
  await until(() => heard.isLeading);
  await heard.close();
  const deaf = await redis.server.client(await login('resetchannels'));
  const election = stand({ redis: deaf, preflight: false });
  await until(() => election.isLeading);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(codes()).toEqual([]);
});
