import { afterEach, describe, expect, it } from '@jest/globals';
import { createClientPool, RESP_TYPES } from 'redis';
import { firstValueFrom, from } from 'rxjs';
import type { LeaseStore } from '../../lib/port/lease-store.js';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { until } from '../support/until.js';
import { acquire, acquireRequest, callsOf, expectFailure, KEY, list, read, release, renew } from './ask.js';
import { leaveAll, listen } from './listening.js';
import { useRedis } from './use-redis.js';

const { lease, record, candidates } = keysOf(KEY);
const redis = useRedis();
afterEach(leaveAll);

describe('redisStore: calls', () => {
  const VERBS: ReadonlyArray<readonly [string, (store: LeaseStore) => Promise<{ status: string }>, string]> = [
    ['acquire', acquire, 'granted'],
    ['renew', renew, 'renewed'],
    ['release', release, 'released'],
    ['read', read, 'free'],
  ];

  it('calls by hash, and by text if the server does not know the script, at every call', async () => {
    const store = redisStore(redis.client);
    const askAll = async () => {
      for (const [, ask, status] of VERBS) expect((await ask(store)).status).toBe(status);
    };
    for (let flushes = 0; flushes < 3; flushes++) {
      await redis.client.scriptFlush();
      expect(await callsOf(redis.client, askAll)).toEqual({ evalsha: 4, eval: 4 });
      expect(await callsOf(redis.client, askAll)).toEqual({ evalsha: 4, eval: 0 });
    }
  });

  it('sends one request for each subscription', async () => {
    const store = redisStore(redis.client);
    await acquire(store); // now the server knows the script
    const asked = store.acquire(acquireRequest());
    expect(await callsOf(redis.client, () => redis.client.ping())).toEqual({ evalsha: 0, eval: 0 });
    const twice = async () => [await firstValueFrom(from(asked)), await firstValueFrom(from(asked))];
    expect(await callsOf(redis.client, twice)).toEqual({ evalsha: 2, eval: 0 });
  });
});

describe('redisStore: requests and replies', () => {
  it('sends every field of a request', async () => {
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
      db: '',
      until: String(Math.floor(renewed.time ?? 0) + 50_000),
      at: String(Math.floor(renewed.time ?? 0)),
      peak: '0',
    });
  });

  it('sends optional fields', async () => {
    const store = redisStore(redis.client);
    expect((await acquire(store, { notAfter: 1.5 })).status).toBe('late');
    expect((await acquire(store, { coldStart: 'wait' })).status).toBe('suspect');
    const suspect = await acquire(store, { lastToken: 7 });
    expect(suspect).toMatchObject({ status: 'suspect', token: 7 });
    const watched = { until: suspect.until ?? 0, time: 0, age: 60_000 };
    expect(await acquire(store, { watched })).toMatchObject({
      status: 'granted',
      run: expect.stringMatching(/^\w{40}:0$/),
    });
    expect((await renew(store, { notAfter: 1.5 })).status).toBe('late');
    expect(await redis.client.hGetAll(record)).toMatchObject({ data: '' });
  });

  it('lists recent candidates, without those that have withdrawn', async () => {
    const store = redisStore(redis.client);
    const other = { key: KEY, timeout: 10_000, id: 'other', name: 'its name', data: 'http://other' };
    await acquire(store);
    const { time = 0 } = await acquire(store, other);
    const { id, name, data } = other;
    const listed = { status: 'listed', candidates: [{ id, name, data, lastSeen: Math.floor(time) }] };
    expect(await list(store, 60_000)).toMatchObject(listed);
    await until(async () => (await list(store, 1)).candidates.length === 0, { what: 'a ttl and a half to pass' });
    expect(await list(store, 60_000)).toMatchObject(listed);
    await firstValueFrom(from(store.withdraw?.({ verb: 'withdraw', ...other }) ?? []));
    expect(await list(store, 60_000)).toMatchObject({ candidates: [] });
  });

  it('releases to the named successor', async () => {
    const store = redisStore(redis.client);
    const listener = listen(store);
    await listener.hears('listening');
    await acquire(store);
    const request = { verb: 'release', key: KEY, timeout: 10_000, id: 'me', successor: 'the next' } as const;
    await firstValueFrom(from(store.release(request)));
    await listener.hears('released');
    expect(listener.heard.at(-1)).toEqual({ kind: 'released', id: 'me', successor: 'the next' });
  });

  it('returns the server time in ms, to the µs', async () => {
    const store = redisStore(redis.client);
    const [one, two] = [await read(store), await read(store)];
    expect(two.time).toBeGreaterThan(one.time ?? Number.POSITIVE_INFINITY);
    const micros = (one.time ?? 0) * 1000;
    expect(Math.abs(micros - Math.round(micros))).toBeLessThan(0.5);
    expect(Math.abs(Date.now() - (two.time ?? 0))).toBeLessThan(60_000);
  });
});

/** Every request and its reply, the same for every client. */
async function expectCycle(store: LeaseStore): Promise<void> {
  const granted = await acquire(store, { name: 'ключ 🗝', data: 'http://me' });
  expect(granted).toMatchObject({
    status: 'granted',
    token: expect.any(Number),
    run: expect.stringMatching(/^\w{40}:0$/),
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

  // `as 3`, since this file's types only know RESP 3 clients. The type spec has both.
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
    await acquire(store, { id: 'other' });
    const names = [lease, record, candidates].map((name) => `app:${name}`);
    expect((await redis.client.keys('*')).sort()).toEqual(names.sort());
    await redis.client.set(`app:${lease}`, 'no expiry');
    expect(await expectFailure(acquire(store), 'KEY_CONFLICT', 'LEASECONFLICT')).toContain(`keys app:${lease} and`);
  });

  it('works over a pool', async () => {
    const pool = createClientPool({ url: redis.server.url }, { minimum: 2 });
    pool.on('error', () => {});
    await pool.connect();
    await expectCycle(redisStore(pool)).finally(() => pool.destroy());
  });
});
