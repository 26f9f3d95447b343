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

/** ms to wait for replicas that do not respond. */
const SHORT = 100;
/** ms to wait for replicas that respond sooner or later. */
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

/** The connection that is in a WAIT now. */
const waiter = () =>
  until(async () => (await admin.clientList()).find(({ flags }) => flags.includes('b')), {
    every: 1,
    what: 'somebody to wait for replicas',
  });

/** `promise`, to be awaited later. A rejection before that does not count as unhandled. */
function later<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

describe('a replicated lease', () => {
  it('is granted and renewed once replicas have it', async () => {
    const kept = store(await connect(), LONG);
    const granted = await acquire(kept);
    expect(granted).toMatchObject({ status: 'granted', token: expect.any(Number) });
    expect(await copy.get(lease)).toBe('me');
    const { token = 0 } = granted;
    await admin.pExpire(lease, 10_000);
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
    expect(await copy.pTTL(lease)).toBeGreaterThan(20_000);
  });

  it('is not granted if too few replicas have it, says so, and is released at once', async () => {
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

  it('is not granted with too few replicas', async () => {
    const kept = store(await connect(), SHORT, 2);
    expect((await failure(acquire(kept))).message).toMatch(/: (1 of|fewer than) 2 replicas had it after 100 ms$/);
    expect(await admin.get(lease)).toBeNull();
  });

  it('is not taken again before replicas have the last write', async () => {
    const client = await connect();
    const kept = store(client, SHORT);
    listen(kept); // as an election does while it runs
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

  it('is not renewed if too few have it; later renewals extend nothing before they have', async () => {
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

  it('is refused without a wait if another holds it', async () => {
    await acquire(redisStore(await connect()), { id: 'other' });
    replica.pause();
    const kept = store(await connect(), LONG);
    const begun = performance.now();
    expect(await acquire(kept)).toMatchObject({ status: 'held', holder: { id: 'other' } });
    expect((performance.now() - begun) / LONG).toBeLessThan(1 / 2);
  });

  it('emits its release to others, but not to the candidate that released it', async () => {
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

  it('works under a key prefix', async () => {
    const kept = store(await connect({ keyPrefix: 'app:' }), LONG);
    const { token = 0 } = await acquire(kept);
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
    expect(await copy.get(`app:${lease}`)).toBe('me');
  });

  it('is renewed after the server has forgotten the scripts', async () => {
    const kept = store(await connect(), LONG);
    const { token = 0 } = await acquire(kept);
    await admin.scriptFlush();
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
  });

  it('shares a WAIT with others', async () => {
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

describe('the connection for WAIT', () => {
  it('delays no command of the client', async () => {
    const client = await connect();
    const kept = store(client, LONG);
    replica.pause();
    const asked = later(acquire(kept));
    await waiter();
    const begun = performance.now();
    await client.ping();
    await client.set('mine', 'too');
    expect((performance.now() - begun) / LONG).toBeLessThan(1 / 2);
    await waiter(); // it still waits
    replica.resume();
    expect(await asked).toMatchObject({ status: 'granted' });
  });

  it('confirms nothing if it is lost between write and reply, even if the replica has the write', async () => {
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

  it.each([2, 3] as const)('confirms nothing merely because a replica is connected, by RESP%d', async (RESP) => {
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
    expect(taken).not.toBe(token); // by the candidate that did not know yet
    await admin.clientKill({ filter: 'TYPE', type: 'normal', skipMe: true } as never); // so that all others reconnect
    for (let i = 0; i < 5; i++) await failure(acquire(kept, { id: `me again ${i}` }));
    expect(await admin.hGet(record, 'token')).toBe(taken);
  });

  it('is shared by elections with equal waits, and closes with the last', async () => {
    const client = await connect({ name: 'counted' });
    const kept = store(client, LONG);
    const listeners = [listen(kept), listen(kept, 'another election')];
    await Promise.all(listeners.map((listener) => listener.hears('listening')));
    expect(await connections(admin, 'counted')).toHaveLength(2); // none in a WAIT yet
    await Promise.all([acquire(kept), acquire(kept, { key: 'another election' })]);
    expect(await connections(admin, 'counted')).toHaveLength(3);
    listeners[0]?.leave();
    await acquire(kept, { key: 'a third election' });
    expect(await connections(admin, 'counted')).toHaveLength(3);
    listeners[1]?.leave();
    await connected(admin, 'counted', 1);
  });

  it('is shared by the requests of an election, although a quorum varies their timeout', async () => {
    const client = await connect({ name: 'member' });
    const replicated = replicatedStore(redisStore(client), client, { count: 1 });
    const kept = replicated.forElection?.({ timeout: 2 * LONG }) as LeaseStore;
    const listener = listen(kept);
    await listener.hears('listening');
    const { token = 0 } = await acquire(kept, { timeout: LONG - 1 });
    expect(await renew(kept, { token, timeout: LONG - 2 })).toMatchObject({ status: 'renewed' });
    expect(await connections(admin, 'member')).toHaveLength(3);
  });

  it('confirms no grant of another server', async () => {
    await using other = await startRedis();
    const [client, elsewhere] = [await other.client(), await connect()];
    clients.push(client);
    const kept = replicatedStore(redisStore(client), elsewhere, { count: 1, timeout: LONG });
    const error = await failure(acquire(kept));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(/found it lost$/) });
    expect([await admin.get(lease), await client.get(lease)]).toEqual([null, null]);
  });

  it('is reopened when its server becomes a replica', async () => {
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

  it('needs permission for WAIT beside the least rule, and says so', async () => {
    await admin.sendCommand(ACL_RULE.split(' '));
    const kept = store(await connect({ username: 'app', password: 'secret' }), LONG);
    listen(kept);
    const error = await failure(acquire(kept));
    expect(error.code).toBe('STORE_DENIED');
    expect(error.message).toMatch(/Over replicated\(\) the user needs the command wait as well$/);
    expect(await admin.get(lease)).toBeNull();
    // Nobody takes the lease again meanwhile.
    const taken = await admin.hGet(record, 'token');
    expect((await failure(acquire(kept, { id: 'me again' }))).code).toBe('STORE_DENIED');
    expect(await admin.hGet(record, 'token')).toBe(taken);
    await admin.aclSetUser('app', ['+wait']);
    const { token = 0 } = await acquire(kept);
    expect(await renew(kept, { token })).toMatchObject({ status: 'renewed' });
  });
});
