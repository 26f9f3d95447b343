import { afterEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Redis as Redis6 } from 'ioredis6';
import { createClient } from 'redis';
import { createClient as createClient5 } from 'redis5';
import type { Election, ElectionError, RedisClient, Transition } from '../../lib/index.js';
import { elect, observe } from '../../lib/index.js';
import { keysOf } from '../../lib/redis/keys.js';
import { until } from '../support/until.js';
import { failure } from './ask.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
const KEY = 'an election';
const TIMES = { ttl: 1_000, renewEvery: 200, wait: 100, jitter: 0 };
const keys = keysOf(KEY);

interface Made {
  readonly client: RedisClient & { select(database: number): Promise<unknown> };
  end(): unknown;
}

const nothing = () => {};

async function nodeRedis(make: typeof createClient, options = {}): Promise<Made> {
  const client = make({ url: redis.server.url, ...options });
  await client.on('error', nothing).connect();
  return { client, end: () => client.destroy() };
}

async function ioRedis(Client: typeof Redis, options = {}): Promise<Made> {
  const client = new Client(redis.server.url, { lazyConnect: true, ...options });
  await client.connect();
  return { client, end: () => client.disconnect() };
}

const CLIENTS = {
  'node-redis 5': (options = {}) => nodeRedis(createClient5 as never, options),
  'node-redis 6': (options = {}) => nodeRedis(createClient, options),
  'ioredis 5': (options = {}) => ioRedis(Redis, options),
  'ioredis 6': (options = {}) => ioRedis(Redis6 as never, options),
};

const ended: Array<() => unknown> = [];

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function made(making: Promise<Made>): Promise<Made['client']> {
  const { client, end } = await making;
  ended.push(end);
  return client;
}

interface Standing {
  readonly election: Election;
  readonly told: Transition[];
}

function stand(client: RedisClient, more = {}): Standing {
  const election = elect({ redis: client, key: KEY, preflight: false, ...TIMES, ...more });
  const told: Transition[] = [];
  election.subscribe((transition) => told.push(transition));
  ended.push(() => election.close());
  return { election, told };
}

const role = (role: Transition['role'], { election }: Standing) =>
  until(() => election.role === role, { what: `the role ${role}` });

const errorOf = ({ told }: Standing): ElectionError | undefined =>
  told.flatMap((one) => (one.role === 'error' ? [one.error] : [])).at(-1);

/** Samples until `condition`, and returns how often both claimed to lead. */
async function overlaps(a: Standing, b: Standing, condition: () => boolean): Promise<number> {
  let both = 0;
  const sampler = setInterval(() => {
    if (a.election.isLeading && b.election.isLeading) both += 1;
  }, 2);
  await until(condition, { what: 'the other to lead' }).finally(() => clearInterval(sampler));
  return both;
}

/** A client for inspecting a database. */
const adminOf = async (database: number) =>
  (await made(CLIENTS['node-redis 6']({ database }))) as unknown as typeof redis.client;

/** The names of all election keys in a database. */
const electionKeysIn = async (database: number) => (await adminOf(database)).keys('*leader:*');

const MOVED = /moved? from database 0 to 1.*client of their own/i;

describe.each(Object.entries(CLIENTS))('%s that selects another database', (_name, make) => {
  it.each([false, true])('ends its term before another leads, with data in other databases: %s', async (isBusy) => {
    if (isBusy) for (const database of [0, 1, 2]) await (await adminOf(database)).set('x', 'y');
    const client = await made(make());
    const a = stand(client);
    await role('leader', a);
    const b = stand(await made(make()));
    await role('follower', b);
    await client.select(1);
    expect(await overlaps(a, b, () => b.election.isLeading)).toBe(0);
    await role('error', a);
    expect(a.told.map(({ role }) => role)).toEqual(['leader', 'follower', 'error']);
    expect(errorOf(a)).toMatchObject({ code: 'KEY_CONFLICT', message: expect.stringMatching(MOVED) });
    expect(await electionKeysIn(1)).toEqual([]);
    await client.select(0);
    await role('follower', a);
    await b.election.close();
    await role('leader', a);
  });

  it('does not elect a follower there', async () => {
    const a = stand(await made(make()));
    await role('leader', a);
    const client = await made(make());
    const b = stand(client);
    await role('follower', b);
    await client.select(1);
    await role('error', b);
    expect(errorOf(b)).toMatchObject({ code: 'KEY_CONFLICT', message: expect.stringMatching(MOVED) });
    expect(b.told.map(({ role }) => role)).toEqual(['follower', 'error']);
    expect(a.told.map(({ role }) => role)).toEqual(['leader']);
    expect(await electionKeysIn(1)).toEqual([]);
    await client.select(0);
    await role('follower', b);
  });

  it('may select another database before its first election and after its last', async () => {
    const client = await made(make());
    for (const database of [1, 2]) {
      await client.select(database);
      const one = stand(client);
      await role('leader', one);
      await new Promise((resolve) => setTimeout(resolve, 2 * TIMES.renewEvery));
      await one.election.close();
      expect(one.told.map(({ role }) => role)).toEqual(['leader', 'follower']);
    }
  });

  it('keeps leading through FLUSHDB, SWAPDB and a reconnection', async () => {
    const client = await made(make());
    await client.select(3);
    const a = stand(client, { ttl: 3_000 });
    await role('leader', a);
    const id = a.election.term?.id;
    const admin = await adminOf(3);
    const isBack = () => until(async () => (await admin.get(keys.lease)) === id, { what: 'the lease to be back' });
    await admin.sendCommand(['FLUSHDB']);
    await isBack();
    await admin.sendCommand(['SWAPDB', '3', '4']);
    await isBack();
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await admin.sendCommand(['DEL', keys.lease]);
    await isBack();
    expect(a.told.map(({ role }) => role)).toEqual(['leader']);
  });
});

describe.each(['ioredis 5', 'ioredis 6'] as const)('%s that exposes its database', (name) => {
  it('sends nothing to another', async () => {
    const client = await made(CLIENTS[name]());
    const a = stand(client);
    await role('leader', a);
    await client.select(1);
    await role('error', a);
    expect(await electionKeysIn(1)).toEqual([]);
    await failure(a.election.candidates()).then(({ code }) => expect(code).toBe('KEY_CONFLICT'));
  });

  it('fails observers, too', async () => {
    const client = await made(CLIENTS[name]());
    const seen: unknown[] = [];
    const errors: unknown[] = [];
    const looking = observe({ redis: client, key: KEY, every: 50 }).subscribe({
      next: (holder) => seen.push(holder),
      error: (error) => errors.push(error),
    });
    ended.push(() => looking.unsubscribe());
    await until(() => seen.length > 0);
    await client.select(1);
    await until(() => errors.length > 0);
    expect(errors).toEqual([expect.objectContaining({ code: 'KEY_CONFLICT' })]);
  });

  it('ends its term if its keyPrefix changes', async () => {
    const client = await made(CLIENTS[name]({ keyPrefix: 'a:' }));
    const a = stand(client);
    await role('leader', a);
    (client as unknown as Redis).options.keyPrefix = 'b:';
    await role('error', a);
    const message = expect.stringMatching(/key prefix "a:" to "b:"/);
    expect(errorOf(a)).toMatchObject({ code: 'KEY_CONFLICT', message });
    expect(await electionKeysIn(0)).toEqual(expect.not.arrayContaining([expect.stringMatching(/^b:/)]));
  });
});
