import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createClientPool, RESP_TYPES } from 'redis';
import { firstValueFrom, from, type ObservableInput, type Observer } from 'rxjs';
import type { LeaseStore } from '../../../lib/store/lease-store.js';
import { connectionOf } from '../../../lib/store/redis/connection.js';
import { keysOf } from '../../../lib/store/redis/keys.js';
import { redisStore } from '../../../lib/store/redis/store.js';
import { startProxy } from '../../support/proxy.js';
import { startRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';
import { acquire, acquireRequest, failure, KEY, read, release, renew } from './ask.js';
import { useRedis } from './use-redis.js';

const { lease, record } = keysOf(KEY);
const redis = useRedis();

/** How often each of EVALSHA and EVAL has run. */
async function calls(): Promise<{ evalsha: number; eval: number }> {
  const stats = await redis.client.info('commandstats');
  const count = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { evalsha: count('evalsha'), eval: count('eval') };
}

/** How often each has run meanwhile. */
async function callsOf(work: () => Promise<unknown>): Promise<{ evalsha: number; eval: number }> {
  const before = await calls();
  await work();
  const after = await calls();
  return { evalsha: after.evalsha - before.evalsha, eval: after.eval - before.eval };
}

describe('redisStore: calls', () => {
  const VERBS: ReadonlyArray<readonly [string, (store: LeaseStore) => Promise<{ status: string }>, string]> = [
    ['acquire', acquire, 'granted'],
    ['renew', renew, 'renewed'],
    ['release', release, 'released'],
    ['read', read, 'free'],
  ];

  it('goes by hash, and by text where the server does not know the script, at every call', async () => {
    const store = redisStore(redis.client);
    const askAll = async () => {
      for (const [, ask, status] of VERBS) expect((await ask(store)).status).toBe(status);
    };
    for (let flushes = 0; flushes < 3; flushes++) {
      await redis.client.scriptFlush();
      expect(await callsOf(askAll)).toEqual({ evalsha: 4, eval: 4 });
      expect(await callsOf(askAll)).toEqual({ evalsha: 4, eval: 0 });
    }
  });

  it('asks when subscribed, and once for each subscription', async () => {
    const store = redisStore(redis.client);
    await acquire(store); // the script is known from now on
    const asked = store.acquire(acquireRequest());
    expect(await callsOf(() => redis.client.ping())).toEqual({ evalsha: 0, eval: 0 });
    const twice = async () => [await firstValueFrom(from(asked)), await firstValueFrom(from(asked))];
    expect(await callsOf(twice)).toEqual({ evalsha: 2, eval: 0 });
  });
});

describe('redisStore: requests and replies', () => {
  it('takes every field of a request along', async () => {
    const store = redisStore(redis.client);
    const granted = await acquire(store, { id: 'me', ttl: 45_000, name: 'my name', data: 'http://me' });
    expect(granted.status).toBe('granted');
    expect(await redis.client.hGetAll(record)).toMatchObject({ id: 'me', name: 'my name', data: 'http://me' });
    const left = await redis.client.pTTL(lease);
    expect(left / 45_000).toBeGreaterThan(0.8);
    expect(left / 45_000).toBeLessThanOrEqual(1);
    const held = await acquire(store, { id: 'other' });
    expect(held).toMatchObject({
      status: 'held',
      holder: { id: 'me', name: 'my name', data: 'http://me', token: granted.token },
    });
    const renewed = await renew(store, { ttl: 50_000, name: 'renamed', data: 'moved', token: 2 ** 52, run: 'run' });
    expect(renewed.status).toBe('renewed');
    expect(await redis.client.hGetAll(record)).toEqual({
      id: 'me',
      name: 'renamed',
      data: 'moved',
      token: String(2 ** 52),
      run: 'run',
      until: String(Math.floor(renewed.time ?? 0) + 50_000),
    });
  });

  it('takes along what there may not be', async () => {
    const store = redisStore(redis.client);
    expect((await acquire(store, { notAfter: 1.5 })).status).toBe('late');
    expect((await acquire(store, { coldStart: 'wait' })).status).toBe('suspect');
    const suspect = await acquire(store, { lastToken: 7 });
    expect(suspect).toMatchObject({ status: 'suspect', token: 7 });
    const watched = { until: suspect.until ?? 0, time: 0, age: 60_000 };
    expect(await acquire(store, { watched })).toMatchObject({
      status: 'granted',
      run: expect.stringMatching(/^\w{40}$/),
    });
    expect((await renew(store, { notAfter: 1.5 })).status).toBe('late');
    expect(await redis.client.hGetAll(record)).toMatchObject({ data: '' });
  });

  it('tells the server’s time in ms, to the µs', async () => {
    const store = redisStore(redis.client);
    const [one, two] = [await read(store), await read(store)];
    expect(two.time).toBeGreaterThan(one.time ?? Number.POSITIVE_INFINITY);
    const micros = (one.time ?? 0) * 1000;
    expect(Math.abs(micros - Math.round(micros))).toBeLessThan(0.5);
    expect(Math.abs(Date.now() - (two.time ?? 0))).toBeLessThan(60_000);
  });
});

const subscribe = (asked: ObservableInput<unknown>, observer: Partial<Observer<unknown>> = { error: () => {} }) =>
  from(asked).subscribe(observer);

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Every request and its reply, as any client must bring it about. */
async function expectCycle(store: LeaseStore): Promise<void> {
  const granted = await acquire(store, { name: 'ключ 🗝', data: 'http://me' });
  expect(granted).toMatchObject({
    status: 'granted',
    token: expect.any(Number),
    run: expect.stringMatching(/^\w{40}$/),
  });
  expect(Number.isSafeInteger(granted.token)).toBe(true);
  const holder = { id: 'me', name: 'ключ 🗝', data: 'http://me', token: granted.token, expiresIn: expect.any(Number) };
  expect(await acquire(store, { id: 'other' })).toMatchObject({ status: 'held', holder });
  expect(await read(store)).toMatchObject({ status: 'held', token: granted.token, holder });
  expect(await renew(store, { id: 'other' })).toMatchObject({ status: 'lost', holder });
  expect(await renew(store, { token: granted.token ?? 0 })).toMatchObject({ status: 'renewed', token: granted.token });
  expect(await release(store, 'other')).toMatchObject({ status: 'gone' });
  expect(await release(store)).toMatchObject({ status: 'released', until: 0 });
  expect(await read(store)).toMatchObject({ status: 'free', token: granted.token, until: 0 });
}

describe('redisStore: clients', () => {
  const buffers = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer };
  const texts = { [RESP_TYPES.NUMBER]: String, [RESP_TYPES.BIG_NUMBER]: String, [RESP_TYPES.DOUBLE]: String };

  // 3 for the compiler, which knows clients of that only here; the type spec knows both.
  it.each([2 as 3, 3] as const)('works over RESP %i', async (RESP) => {
    await expectCycle(redisStore(await redis.server.client({ RESP })));
  });

  it.each([2 as 3, 3] as const)('works over RESP %i, text mapped to Buffers and numbers to text', async (RESP) => {
    const client = await redis.server.client({ RESP });
    await expectCycle(redisStore(client.withTypeMapping({ ...buffers, ...texts })));
    await redis.client.flushAll();
    const mapped = await redis.server.client({ RESP, commandOptions: { typeMapping: { ...buffers, ...texts } } });
    await expectCycle(redisStore(mapped));
  });

  it('works under a key prefix', async () => {
    const store = redisStore(await redis.server.client({ keyPrefix: 'app:' }));
    await expectCycle(store);
    await acquire(store);
    expect((await redis.client.keys('*')).sort()).toEqual([`app:${lease}`, `app:${record}`].sort());
  });

  it('works over a pool', async () => {
    const pool = createClientPool({ url: redis.server.url }, { minimum: 2 });
    pool.on('error', () => {});
    await pool.connect();
    await expectCycle(redisStore(pool)).finally(() => pool.destroy());
  });
});

describe('redisStore: without a connection', () => {
  async function disconnected() {
    const proxy = await startProxy({ target: redis.server });
    const client = await redis.server.client({ url: proxy.url, socket: { reconnectStrategy: 20 } });
    await proxy.refuse();
    await until(() => !client.isReady);
    return { proxy, client };
  }

  /** Connected again, and everything that was queued has run. */
  async function reconnected({ proxy, client }: Awaited<ReturnType<typeof disconnected>>): Promise<void> {
    await proxy.accept();
    await client.ping();
  }

  it('runs a queued request when it is connected again', async () => {
    const link = await disconnected();
    await using _ = link.proxy;
    const asked = acquire(redisStore(link.client));
    await reconnected(link);
    expect((await asked).status).toBe('granted');
  });

  it('never runs a queued request that was unsubscribed', async () => {
    const link = await disconnected();
    await using _ = link.proxy;
    const outcomes: unknown[] = [];
    const store = redisStore(link.client);
    for (let i = 0; i < 10; i++) {
      const outcome = {
        next: (reply: unknown) => outcomes.push(reply),
        error: (error: unknown) => outcomes.push(error),
      };
      subscribe(store.acquire(acquireRequest({ id: `attempt ${i}` })), outcome).unsubscribe();
    }
    await reconnected(link);
    expect(await redis.client.exists([lease, record])).toBe(0);
    expect(outcomes).toEqual([]);
  });

  it('sends no script by text after the request was unsubscribed', async () => {
    await redis.client.scriptFlush();
    await using proxy = await startProxy({ target: redis.server });
    const client = await redis.server.client({ url: proxy.url });
    const before = await calls();
    proxy.swallow('toClient'); // the answer that this hash is unknown
    const asked = subscribe(redisStore(client).acquire(acquireRequest()));
    await until(async () => (await calls()).evalsha > before.evalsha);
    asked.unsubscribe();
    proxy.heal();
    await client.ping();
    expect((await calls()).eval).toBe(before.eval);
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it('sends none to a client either that takes no signal', async () => {
    const asked: string[] = [];
    let refuse = (_: Error) => {};
    const told = new Promise((_, reject) => {
      refuse = reject;
    });
    const client = Object.assign(new EventEmitter(), {
      isOpen: true,
      evalSha: () => told,
      eval: async (script: string) => asked.push(script),
    });
    subscribe(redisStore(client).acquire(acquireRequest())).unsubscribe();
    refuse(new Error('NOSCRIPT No matching script.'));
    await new Promise(setImmediate);
    expect(asked).toEqual([]);
    subscribe(redisStore(client).acquire(acquireRequest()));
    await until(() => asked.length === 1);
  });

  it('fails with the reason why there is no connection, when the time of the request is up', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const guarding = connectionOf(client).notices.subscribe();
    await until(() => connectionOf(client).lastError);
    const start = performance.now();
    const error = await failure(read(redisStore(client), { timeout: 200 }));
    const elapsed = performance.now() - start;
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toMatch(/^read of "an election" failed: .*ECONNREFUSED/);
    expect(elapsed / 200).toBeGreaterThan(0.95);
    guarding.unsubscribe();
  });

  it('says that it is not connected where it knows no reason', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const error = await failure(read(redisStore(client), { timeout: 50 }));
    expect([error.code, error.message]).toEqual(['STORE_UNAVAILABLE', expect.stringContaining('not connected')]);
  });

  it('is not cut short by the client’s own timeout', async () => {
    const proxy = await startProxy({ target: redis.server });
    await using _ = proxy;
    const client = await redis.server.client({
      url: proxy.url,
      socket: { reconnectStrategy: 20 },
      commandOptions: { timeout: 20 },
    });
    await proxy.refuse();
    await until(() => !client.isReady);
    const asked = acquire(redisStore(client));
    const first = await Promise.race([failure(asked), client.ping().catch((error: Error) => error)]);
    expect(first).not.toHaveProperty('code'); // the client's own ping has timed out, the request has not
    await proxy.accept();
    expect((await asked).status).toBe('granted');
  });

  it('is STORE_DENIED where the reason is the password', async () => {
    await using closed = await startRedis({ args: ['--requirepass', 'old'] });
    const before = timers();
    const patient = { reconnectStrategy: 500 }; // by then the request has been given up
    const client = await closed.client({ password: 'old', socket: patient });
    const guarding = connectionOf(client).notices.subscribe();
    await client.configSet('requirepass', 'new');
    const admin = await closed.client({ password: 'new' });
    await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(await client.clientId())]);
    await until(() => /WRONGPASS/.test(String(connectionOf(client).lastError)));
    const error = await failure(acquire(redisStore(client), { timeout: 100 }));
    expect([error.code, error.message]).toEqual(['STORE_DENIED', expect.stringMatching(/WRONGPASS.*password/)]);
    guarding.unsubscribe();
    client.destroy();
    await until(() => timers() <= before); // the client's own, until it would have tried again
  });

  it('leaves no timer behind', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const before = timers();
    const store = redisStore(client);
    const asked = Array.from({ length: 50 }, () => subscribe(store.acquire(acquireRequest())));
    expect(timers()).toBeGreaterThanOrEqual(before + 40);
    for (const subscription of asked) subscription.unsubscribe();
    expect(timers()).toBeLessThan(before + 10); // the client has some of its own
  });
});

describe('redisStore: a request that hangs', () => {
  it('fails by itself no sooner than the connection does', async () => {
    await using proxy = await startProxy({ target: redis.server });
    const client = await redis.server.client({ url: proxy.url });
    await acquire(redisStore(client));
    proxy.swallow();
    const asked = failure(read(redisStore(client), { timeout: 10 }));
    const later = new Promise((resolve) => setTimeout(resolve, 50, 'still waiting'));
    expect(await Promise.race([asked, later])).toBe('still waiting');
    proxy.cut();
    expect((await asked).code).toBe('STORE_UNAVAILABLE');
  });
});
