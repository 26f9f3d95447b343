import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Election, elect } from 'rx-leader';
import { listedAsHearing } from '../support/listed.js';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Long, so that nothing happens by time: neither a lease nor a `wait` ends while a spec runs. */
const TIMES = { ttl: 60_000, wait: 60_000, jitter: 0 };

const subscribers = async (redis: Client, key: string) => {
  const [channel = ''] = await redis.pubSubChannels(`{leader:*`);
  expect([key, channel]).not.toContain('');
  return (await redis.pubSubNumSub([channel]))[channel] ?? 0;
};

describe('a graceful hand-over', () => {
  const elections: Election[] = [];

  afterEach(async () => {
    await Promise.all(elections.splice(0).map((election) => election.close()));
  });

  it('takes no wait: followers are told of the release (G5)', async () => {
    const admin = await server.client();
    for (let i = 0; i < 4; i += 1) {
      const election = elect({ redis: await server.client(), key: 'handed over', ...TIMES });
      election.subscribe();
      elections.push(election);
      await until(() => election.role !== undefined);
    }
    await until(async () => (await subscribers(admin, 'handed over')) === 4, { what: 'everybody to listen' });
    const took: number[] = [];
    const tokens: number[] = [];
    while (elections.length > 1) {
      const leader = elections.find(({ isLeading }) => isLeading) as Election;
      tokens.push(leader.term?.token ?? 0);
      elections.splice(elections.indexOf(leader), 1);
      const begun = performance.now();
      const closed = leader.close();
      await until(() => elections.some(({ isLeading }) => isLeading), { every: 1, what: 'a next leader' });
      took.push(performance.now() - begun);
      await closed;
    }
    expect(Math.max(...took)).toBeLessThan(TIMES.ttl / 60);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  });

  it('wakes one, however many wait', async () => {
    const admin = await server.client();
    const key = 'one of many';
    elections.push(...Array.from({ length: 30 }, () => elect({ redis: admin, key, ...TIMES })));
    for (const election of elections) election.subscribe();
    await until(() => elections.every(({ role }) => role !== undefined), { what: 'everybody to stand' });
    const requests = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    const leader = elections.find(({ isLeading }) => isLeading) as Election;
    await listedAsHearing(admin, key, 29);
    const before = await requests();
    await leader.close();
    await until(() => elections.some(({ isLeading }) => isLeading), { every: 1, what: 'a next leader' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await requests()) - before).toBe(2); // a release, an acquire
  });

  it('finds the next leader by the end of the lease where nothing is told: the channel is forbidden', async () => {
    const admin = await server.client();
    await admin.aclSetUser('mute', ['on', '>secret', '~*', '+@all', 'resetchannels']);
    const login = { username: 'mute', password: 'secret' };
    const times = { ttl: 2_000, wait: 200, jitter: 0 };
    const a = elect({ redis: await server.client(login), key: 'mute', ...times });
    const b = elect({ redis: await server.client(login), key: 'mute', ...times });
    a.subscribe();
    await until(() => a.isLeading);
    b.subscribe();
    await until(() => b.role === 'follower');
    const begun = performance.now();
    await a.close();
    await until(() => b.isLeading, { every: 1 });
    expect(performance.now() - begun).toBeLessThan(times.ttl);
    await b.close();
  });
});
