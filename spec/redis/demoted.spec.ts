import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { Redis as Redis6 } from 'ioredis6';
import { createClient } from 'redis';
import { createClient as createClient5 } from 'redis5';
import { type Election, elect, quorum, type RedisClient } from 'rx-leader';
import { keysOf } from '../../lib/redis/keys.js';
import { startProxy } from '../support/proxy.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { type Replicated, startReplicated } from '../support/replicated.js';
import { until as untilWithin } from '../support/until.js';

const KEY = 'an election';
/** A timeout that a busy machine does not reach. A timeout would be the first error. */
const TIMES = { ttl: 3_000, renewEvery: 600, timeout: 500, wait: 200, jitter: 0 };

jest.setTimeout(60_000);

const until = (condition: Parameters<typeof untilWithin>[0]) => untilWithin(condition, { within: 20_000 });

let stack: AsyncDisposable[] = [];
let warned: jest.SpiedFunction<typeof process.emitWarning>;

beforeEach(() => {
  warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(async () => {
  const things = stack.reverse();
  stack = [];
  for (const thing of things) await thing[Symbol.asyncDispose]();
  warned.mockRestore();
});

function use<Thing extends AsyncDisposable>(thing: Thing): Thing {
  stack.push(thing);
  return thing;
}

const onEnd = (end: () => unknown) => use({ [Symbol.asyncDispose]: async () => void (await end()) });
const nothing = () => {};

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A client as the docs configure it for servers that may be demoted, and its `error` handler. */
const CLIENTS = {
  'node-redis 5': (at: Address) => nodeRedis(createClient5 as never, at),
  'node-redis 6': (at: Address) => nodeRedis(createClient, at),
  'ioredis 5': (at: Address) => ioRedis(Redis, at),
  'ioredis 6': (at: Address) => ioRedis(Redis6 as never, at),
};

async function nodeRedis(make: typeof createClient, { host, port }: Address) {
  const client = make({ socket: { host, port, reconnectStrategy: 50 } });
  await client.on('error', nothing).connect();
  onEnd(() => client.isOpen && client.destroy());
  const remedy = (election: Election) => {
    election.subscribe(async (transition) => {
      if (transition.role !== 'error' || transition.error.code !== 'STORE_READONLY') return;
      client.destroy();
      await client.connect();
    });
  };
  return { client: client as RedisClient, bare: client as RedisClient, remedy };
}

async function ioRedis(Client: typeof Redis, { host, port }: Address) {
  const options = { host, port, lazyConnect: true, retryStrategy: () => 50 };
  const [client, bare] = [
    new Client({ ...options, reconnectOnError: ({ message }) => message.includes('READONLY') }),
    new Client(options),
  ];
  for (const one of [client, bare]) {
    await one.connect();
    onEnd(() => one.disconnect());
  }
  return { client: client as RedisClient, bare: bare as RedisClient, remedy: nothing };
}

function stand(redis: RedisClient, more = {}): { election: Election; told: string[] } {
  const election = elect({ redis, key: KEY, ...TIMES, ...more });
  const told: string[] = [];
  election.subscribe((one) => told.push(one.role === 'error' ? one.error.code : one.role));
  onEnd(() => election.close());
  return { election, told };
}

/** An address of the master. After a failover, new connections reach the new master. */
async function movingAddress({ master }: Replicated) {
  const target = { host: master.host, port: master.port };
  return { at: use(await startProxy({ target })), target };
}

/** Like a managed failover: open connections to the old master stay open. */
async function demote({ replica, admin }: Replicated, target: { port: number }): Promise<void> {
  const other = await replica.client();
  await other.sendCommand(['REPLICAOF', 'NO', 'ONE']);
  await admin.sendCommand(['REPLICAOF', replica.host, String(replica.port)]);
  target.port = replica.port;
  await until(async () => /master_link_status:up/.test(await admin.info('replication')));
}

describe.each(Object.entries(CLIENTS))('a master that was demoted, and kept its connection of %s', (_, make) => {
  it('is reported as STORE_READONLY by all its candidates, also while another leads on the new one', async () => {
    const servers = use(await startReplicated());
    const { at, target } = await movingAddress(servers);
    const a = stand((await make(at)).bare);
    await until(() => a.election.isLeading);
    const b = stand((await make(at)).bare);
    await until(() => b.election.role === 'follower');
    await demote(servers, target);
    const c = stand(await servers.replica.client());
    await until(() => c.election.isLeading);
    await until(() => a.told.at(-1) === 'STORE_READONLY' && b.told.at(-1) === 'STORE_READONLY');
    const before = [...a.told, ...b.told];
    await new Promise((resolve) => setTimeout(resolve, TIMES.ttl));
    expect([...a.told, ...b.told]).toEqual(before); // never a follower there
    expect(a.told).toEqual(['leader', 'follower', 'STORE_READONLY']);
    expect(b.told).toEqual(['follower', 'STORE_READONLY']);
  });

  it('is left for the new master, as documented', async () => {
    const servers = use(await startReplicated());
    const { at, target } = await movingAddress(servers);
    const { client, remedy } = await make(at);
    const a = stand(client);
    remedy(a.election);
    await until(() => a.election.isLeading);
    await demote(servers, target);
    const admin = await servers.replica.client();
    // It restores or takes its lease there. The replica still shows the old `until`.
    const untilOnNew = () => admin.hGet(keysOf(KEY).record, 'until');
    const before = await untilOnNew();
    await until(async () => a.election.isLeading && (await untilOnNew()) !== before);
    expect(await admin.get(keysOf(KEY).lease)).toBe(a.election.term?.id);
  });
});

/** The number of writes that the server refused as a replica. */
async function refusals(admin: { info(section: string): Promise<string> }): Promise<number> {
  return Number(/errorstat_READONLY:count=(\d+)/.exec(await admin.info('errorstats'))?.[1] ?? 0);
}

describe('RX_LEADER_REPLICA', () => {
  it('is emitted once a minute while candidates use a replica', async () => {
    const codes = () => warned.mock.calls.map(([, options]) => (options as { code?: string }).code);
    const real = performance.now.bind(performance);
    const server = use(await startRedis());
    const admin = await server.client();
    const client = await server.client();
    const a = stand(client);
    const b = stand(client, { key: 'another' });
    await until(() => a.election.isLeading && b.election.isLeading);
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await until(() => codes().length > 0);
    const asked = await refusals(admin);
    await until(async () => (await refusals(admin)) > asked + 5);
    expect(codes()).toEqual(['RX_LEADER_REPLICA']);
    const later = jest.spyOn(performance, 'now').mockImplementation(() => real() + 60_000);
    await until(() => codes().length > 1);
    expect(codes()).toEqual(['RX_LEADER_REPLICA', 'RX_LEADER_REPLICA']);
    later.mockRestore();
  });
});

describe('a quorum', () => {
  const demoteOne = (server: RedisServer) =>
    server.client().then((admin) => admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']));

  it('counts a demoted member as one without a reply', async () => {
    const servers = [use(await startRedis()), use(await startRedis()), use(await startRedis())] as const;
    const store = async () => quorum(await Promise.all(servers.map((server) => server.client())));
    const a = stand(undefined as never, { redis: undefined, store: await store() });
    await until(() => a.election.isLeading);
    const b = stand(undefined as never, { redis: undefined, store: await store() });
    await until(() => b.election.role === 'follower');
    await demoteOne(servers[0]);
    await new Promise((resolve) => setTimeout(resolve, 1.5 * TIMES.ttl));
    expect([a.told, b.told]).toEqual([['leader'], ['follower']]);
    await a.election.close();
    await until(() => b.election.isLeading);
    await demoteOne(servers[1]);
    await until(() => b.told.at(-1) === 'STORE_READONLY');
    expect(b.told).toEqual(['follower', 'leader', 'follower', 'STORE_READONLY']);
  });
});
