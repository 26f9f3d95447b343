import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LeaseStore } from '../../lib/port/lease-store.js';
import type { RedisClient } from '../../lib/redis/client.js';
import { keysOf } from '../../lib/redis/keys.js';
import { replicatedStore } from '../../lib/redis/replicas.js';
import { redisStore } from '../../lib/redis/store.js';
import { ACL_RULE } from '../e2e/fixtures/acl-rule.js';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { type Replicated, startReplicated } from '../support/replicated.js';
import { until } from '../support/until.js';
import { acquire, failure, KEY, renew } from './ask.js';
import { connected, connections, leaveAll, listen } from './listening.js';

/** ms that replicas are waited for where they are not to be had. */
const SHORT = 100;
/** The same where they are to be had, sooner or later. */
const LONG = 5_000;

const { lease, record } = keysOf(KEY);

let servers: Replicated;
let master: RedisServer;
let replica: RedisServer;
let admin: Client;
let copy: Client;
const clients: Client[] = [];

beforeAll(async () => {
  servers = await startReplicated();
  ({ master, replica, admin } = servers);
  copy = await replica.client();
});
beforeEach(async () => {
  await admin.flushAll();
  await servers.caughtUp();
});
afterEach(async () => {
  leaveAll();
  for (const client of clients.splice(0)) client.destroy();
  replica.resume();
});
afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
});

async function connect(options: object = {}): Promise<Client> {
  const client = await master.client(options);
  clients.push(client);
  return client;
}

const store = (redis: RedisClient, timeout: number, count = 1) =>
  replicatedStore(redisStore(redis), redis, { count, timeout });

/** The connection that waits for replicas at this moment. */
const waiter = () =>
  until(async () => (await admin.clientList()).find(({ flags }) => flags.includes('b')), {
    every: 1,
    what: 'somebody to wait for replicas',
  });

/** `promise`, which may be awaited later: a rejection until then is none that nobody heard of. */
function later<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

describe('a lease that is to be on replicas', () => {
  it('is granted, and renewed, once it is there', async () => {
    const kept = store(await connect(), LONG);
    const granted = await acquire(kept);
    expect(granted).toMatchObject({ status: 'granted', token: expect.any(Number) });
    expect(await copy.get(lease)).toBe('me');
    const { token = 0 } = granted;
    await admin.pExpire(lease, 10_000);
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
    expect(await copy.pTTL(lease)).toBeGreaterThan(20_000);
  });

  it('is not granted where too few have it, which is said, and is given back at once', async () => {
    const kept = store(await connect(), SHORT);
    replica.pause();
    const begun = performance.now();
    const error = await failure(acquire(kept));
    expect(performance.now() - begun).toBeGreaterThanOrEqual(SHORT - 2);
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'acquire of "an election" failed: 0 of 1 replicas had it after 100 ms',
    });
    expect(await admin.get(lease)).toBeNull();
    expect(await admin.hGet(record, 'until')).toBe('0');
  });

  it('is not granted where there are fewer replicas at all', async () => {
    const kept = store(await connect(), SHORT, 2);
    expect((await failure(acquire(kept))).message).toMatch(/: (1 of|fewer than) 2 replicas had it after 100 ms$/);
    expect(await admin.get(lease)).toBeNull();
  });

  it('is not taken again before they have what was written last, and then is', async () => {
    const client = await connect();
    const kept = store(client, SHORT);
    listen(kept); // as an election does, for as long as it stands
    replica.pause();
    await failure(acquire(kept));
    const before = await admin.hGet(record, 'token');
    expect((await failure(acquire(kept, { id: 'me again' }))).message).toMatch(/^acquire .+ 0 of 1 replicas/);
    expect(await admin.hGet(record, 'token')).toBe(before);
    const asked = later(acquire(store(client, LONG), { id: 'another' }));
    await waiter();
    replica.resume();
    expect(await asked).toMatchObject({ status: 'granted' });
    await admin.del(lease);
    await admin.hSet(record, 'until', 0);
    expect(await acquire(kept, { id: 'me at last' })).toMatchObject({ status: 'granted' });
  });

  it('is not renewed where too few have it; the next renewals extend nothing before they have', async () => {
    const kept = store(await connect(), SHORT);
    listen(kept);
    const { token = 0 } = await acquire(kept);
    replica.pause();
    const error = await failure(renew(kept, { token }));
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/^renew .+ 0 of 1 replicas/),
    });
    await admin.pExpire(lease, 10_000);
    await failure(renew(kept, { token }));
    expect(await admin.pTTL(lease)).toBeLessThanOrEqual(10_000);
    replica.resume();
    await servers.caughtUp();
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
    expect(await copy.pTTL(lease)).toBeGreaterThan(20_000);
  });

  it('is refused like any other where somebody holds it, without a wait', async () => {
    await acquire(redisStore(await connect()), { id: 'other' });
    replica.pause();
    const kept = store(await connect(), LONG);
    const begun = performance.now();
    expect(await acquire(kept)).toMatchObject({ status: 'held', holder: { id: 'other' } });
    expect((performance.now() - begun) / LONG).toBeLessThan(1 / 2);
  });

  it('is what is told of as given back, but not to who gave it back', async () => {
    const kept = store(await connect(), SHORT);
    const [own, other] = [listen(kept), listen(redisStore(await connect()))];
    await Promise.all([own.hears('listening'), other.hears('listening')]);
    replica.pause();
    await failure(acquire(kept));
    await other.hears('released');
    await admin.publish(keysOf(KEY).channel, '{"event":"released","id":"you"}');
    await own.hears('released');
    expect(own.kinds()).toEqual(['listening', 'elected', 'released']);
    expect(other.kinds()).toEqual(['listening', 'elected', 'released', 'released']);
  });

  it('is found by its prefix', async () => {
    const kept = store(await connect({ keyPrefix: 'app:' }), LONG);
    const { token = 0 } = await acquire(kept);
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
    expect(await copy.get(`app:${lease}`)).toBe('me');
  });

  it('is renewed by a server that has forgotten the scripts', async () => {
    const kept = store(await connect(), LONG);
    const { token = 0 } = await acquire(kept);
    await admin.scriptFlush();
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
  });

  it('goes with others in one wait', async () => {
    const kept = store(await connect(), LONG);
    const waits = async () => Number(/cmdstat_wait:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    const keys = Array.from({ length: 50 }, (_, i) => `election ${i}`);
    const tokens = await Promise.all(keys.map(async (key) => (await acquire(kept, { key })).token ?? 0));
    const before = await waits();
    await Promise.all(keys.map((key, i) => renew(kept, { key, token: tokens[i] ?? 0 })));
    expect((await waits()) - before).toBeLessThan(10);
    expect(await copy.exists(keys.map((key) => keysOf(key).lease))).toBe(50);
  });
});

describe('the connection that waits', () => {
  it('holds up no command of the client', async () => {
    const client = await connect();
    const kept = store(client, LONG);
    replica.pause();
    const asked = later(acquire(kept));
    await waiter();
    const begun = performance.now();
    await client.ping();
    await client.set('mine', 'too');
    expect((performance.now() - begun) / LONG).toBeLessThan(1 / 2);
    await waiter(); // still
    replica.resume();
    expect(await asked).toMatchObject({ status: 'granted' });
  });

  it('confirms nothing when it is lost between the write and the answer, though the replica has it then', async () => {
    const kept = store(await connect(), LONG);
    listen(kept);
    replica.pause();
    const asked = later(acquire(kept));
    const { id } = await waiter();
    await admin.clientKill({ filter: 'ID', id } as never);
    replica.resume();
    const error = await failure(asked);
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toMatch(/the connection that waits for replicas was lost/);
    expect(await admin.get(lease)).toBeNull();
    expect(await acquire(kept, { id: 'next' })).toMatchObject({ status: 'granted' });
  });

  it.each([2, 3] as const)(
    'confirms nothing because a replica is there, by RESP%d: it must have what was written',
    async (RESP) => {
      const kept = store(await connect({ RESP }), SHORT);
      listen(kept);
      replica.pause();
      await failure(acquire(kept));
      const token = await admin.hGet(record, 'token');
      const asked = later(acquire(store(await connect({ RESP }), LONG), { id: 'another' }));
      const { id } = await waiter();
      await admin.clientKill({ filter: 'ID', id } as never);
      await failure(asked);
      const taken = await admin.hGet(record, 'token');
      expect(taken).not.toBe(token); // by the one who did not know yet
      await admin.clientKill({ filter: 'TYPE', type: 'normal', skipMe: true } as never); // and so has every other a new connection
      for (let i = 0; i < 5; i++) await failure(acquire(kept, { id: `me again ${i}` }));
      expect(await admin.hGet(record, 'token')).toBe(taken);
    },
  );

  it('is one for all who wait for the same, and is gone with the last of them', async () => {
    const client = await connect({ name: 'counted' });
    const kept = store(client, LONG);
    const listeners = [listen(kept), listen(kept, 'another election')];
    await Promise.all(listeners.map((listener) => listener.hears('listening')));
    expect(await connections(admin, 'counted')).toHaveLength(2); // none yet that waits
    await Promise.all([acquire(kept), acquire(kept, { key: 'another election' })]);
    expect(await connections(admin, 'counted')).toHaveLength(3);
    listeners[0]?.leave();
    await acquire(kept, { key: 'a third election' });
    expect(await connections(admin, 'counted')).toHaveLength(3);
    listeners[1]?.leave();
    await connected(admin, 'counted', 1);
  });

  it('is one for all requests of an election, though a quorum gives each another timeout', async () => {
    const client = await connect({ name: 'member' });
    const replicated = replicatedStore(redisStore(client), client, { count: 1 });
    const kept = replicated.forElection?.({ timeout: 2 * LONG }) as LeaseStore;
    const listener = listen(kept);
    await listener.hears('listening');
    const { token = 0 } = await acquire(kept, { timeout: LONG - 1 });
    expect(await renew(kept, { token, timeout: LONG - 2 })).toMatchObject({ status: 'renewed' });
    expect(await connections(admin, 'member')).toHaveLength(3);
  });

  it('confirms nothing that another server has granted', async () => {
    await using other = await startRedis();
    const [client, elsewhere] = [await other.client(), await connect()];
    clients.push(client);
    const kept = replicatedStore(redisStore(client), elsewhere, { count: 1, timeout: LONG });
    const error = await failure(acquire(kept));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(/found it lost$/) });
    expect([await admin.get(lease), await client.get(lease)]).toEqual([null, null]);
  });

  it('is made anew when its server becomes a replica', async () => {
    await using other = await startRedis();
    const client = await connect();
    const kept = store(client, LONG);
    listen(kept);
    const { token = 0 } = await acquire(kept);
    await admin.sendCommand(['REPLICAOF', other.host, String(other.port)]);
    try {
      expect((await failure(renew(kept, { token }))).code).toBe('STORE_READONLY');
    } finally {
      await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    }
    await servers.caughtUp();
    expect(await acquire(kept)).toMatchObject({ status: 'granted' });
  });

  it('needs the right to wait beside the least of all rights, which is said', async () => {
    await admin.sendCommand(ACL_RULE.split(' '));
    const kept = store(await connect({ username: 'app', password: 'secret' }), LONG);
    listen(kept);
    const error = await failure(acquire(kept));
    expect(error.code).toBe('STORE_DENIED');
    expect(error.message).toMatch(/Over replicated\(\) the user needs the command wait as well$/);
    expect(await admin.get(lease)).toBeNull();
    // Nobody takes the lease again in vain.
    const taken = await admin.hGet(record, 'token');
    expect((await failure(acquire(kept, { id: 'me again' }))).code).toBe('STORE_DENIED');
    expect(await admin.hGet(record, 'token')).toBe(taken);
    await admin.aclSetUser('app', ['+wait']);
    const { token = 0 } = await acquire(kept);
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
  });
});
