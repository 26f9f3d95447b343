import { beforeEach, describe, expect, it } from '@jest/globals';
import { useRedis } from '../use-redis.js';
import { LONG, ScriptBench } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;

beforeEach(() => {
  bench = new ScriptBench(redis.client);
});

describe('renew: renewed', () => {
  it('extends its own lease and writes the whole record', async () => {
    const { token, rest } = await bench.acquire({ id: 'me', ttl: 1_000, name: 'before' });
    const renewed = await bench.renew({
      id: 'me',
      ttl: LONG,
      name: 'after',
      data: 'http://me',
      token,
      run: rest[0] ?? '',
    });
    expect(renewed).toMatchObject({ status: 'renewed', token, rest: [] });
    expect(renewed.until).toBe(renewed.now + LONG);
    expect((await bench.lease())?.left).toBeGreaterThan(0.9 * LONG);
    expect(await bench.record()).toEqual({
      token: String(token),
      id: 'me',
      name: 'after',
      data: 'http://me',
      run: rest[0],
      until: String(renewed.until),
      at: String(renewed.now),
      peak: '0',
    });
  });

  it('writes the run that granted, not the present one', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    await bench.renew({ id: 'me', token, run: 'granted' });
    expect((await bench.record()).run).toBe('granted');
  });

  it('returns the present run on request, and still writes the one that granted', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    const renewed = await bench.renew({ id: 'me', token, run: 'granted', asksRun: true });
    expect(renewed).toMatchObject({ status: 'renewed', rest: [await bench.runId()] });
    expect((await bench.record()).run).toBe('granted');
  });

  it('never lowers the token on record', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    await bench.putRecord({ token: String(token + 5) });
    expect(await bench.renew({ id: 'me', token })).toMatchObject({ status: 'renewed', token: token + 5 });
    expect((await bench.record()).token).toBe(String(token + 5));
  });

  it('writes the record again if it was lost', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    await redis.client.del(bench.keys.record);
    expect(await bench.renew({ id: 'me', token, run: 'granted' })).toMatchObject({ status: 'renewed', token });
    expect(await bench.record()).toMatchObject({ id: 'me', token: String(token), run: 'granted' });
  });

  it('restores a missing expiry of its own lease', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    await redis.client.persist(bench.keys.lease);
    expect(await bench.renew({ id: 'me', token, ttl: LONG })).toMatchObject({ status: 'renewed' });
    expect((await bench.lease())?.left).toBeGreaterThan(0.9 * LONG);
  });
});

describe('renew: lost', () => {
  it('returns the holder, and changes nothing', async () => {
    const { token } = await bench.acquire({ id: 'leader', name: 'leading', data: 'http://leader', ttl: LONG });
    const before = await bench.dump();
    const lost = await bench.renew({ id: 'me', token: token + 1, ttl: 10 * LONG });
    expect(lost).toMatchObject({ status: 'lost', token });
    const [id, left, ...known] = lost.rest;
    expect([id, ...known]).toEqual(['leader', 'leading', 'http://leader', String(token), '', await bench.run()]);
    expect(Number(left)).toBeGreaterThan(0.9 * LONG);
    expect(await bench.dump()).toEqual(before);
    expect((await bench.lease())?.left).toBeLessThanOrEqual(LONG);
  });

  it('returns id and ms left of a holder that writes no record', async () => {
    await bench.putLease('foreign', LONG);
    expect(await bench.renew()).toMatchObject({
      status: 'lost',
      rest: ['foreign', expect.any(String), '', '', '', '', ''],
    });
  });

  it('returns empty fields if nobody holds the lease', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    await bench.release('me');
    const lost = await bench.renew({ id: 'me', token });
    expect(lost).toMatchObject({ status: 'lost', token, until: 0 });
    expect(lost.rest.filter((field) => field !== '0')).toEqual(['', '', '', '']);
  });
});

describe('renew: late', () => {
  it('extends nothing and writes nothing', async () => {
    const { token, now, until } = await bench.acquire({ id: 'me', ttl: 1_000 });
    const before = await bench.dump();
    expect(await bench.renew({ id: 'me', token, ttl: LONG, notAfter: now - 1 })).toMatchObject({
      status: 'late',
      token,
      until,
      rest: [],
    });
    expect(await bench.dump()).toEqual(before);
    expect((await bench.lease())?.left).toBeLessThanOrEqual(1_000);
    expect(await bench.renew({ id: 'me', token, notAfter: now + LONG })).toMatchObject({ status: 'renewed' });
  });

  it('restores nothing', async () => {
    const { token, now } = await bench.acquire({ id: 'me' });
    await bench.loseLease();
    expect(await bench.renew({ id: 'me', token, notAfter: now - 1 })).toMatchObject({ status: 'late' });
    expect(await bench.lease()).toBeUndefined();
  });
});

describe('renew: errors', () => {
  it('is LEASECONFLICT at another’s lease without expiry', async () => {
    await bench.putLease('no lease');
    const before = await bench.dump();
    await expect(bench.renew()).rejects.toThrow(/^LEASECONFLICT /);
    expect(await bench.dump()).toEqual(before);
  });

  it('is WRONGTYPE at a lease of another type, and does not overwrite it', async () => {
    await redis.client.hSet(bench.keys.lease, { some: 'hash' });
    const before = await bench.dump();
    await expect(bench.renew()).rejects.toThrow('WRONGTYPE');
    expect(await bench.dump()).toEqual(before);
  });

  it('is WRONGTYPE at a record of another type, and then extends nothing', async () => {
    const { token } = await bench.acquire({ id: 'me', ttl: 1_000 });
    await redis.client.set(bench.keys.record, 'some text');
    const before = await bench.dump();
    await expect(bench.renew({ id: 'me', token, ttl: LONG })).rejects.toThrow('WRONGTYPE');
    expect(await bench.dump()).toEqual(before);
    expect((await bench.lease())?.left).toBeLessThanOrEqual(1_000);
  });
});
