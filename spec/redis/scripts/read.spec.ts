import { beforeEach, describe, expect, it } from '@jest/globals';
import { useRedis } from '../use-redis.js';
import { LONG, ScriptBench } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;

beforeEach(() => {
  bench = new ScriptBench(redis.client);
});

describe('read: held', () => {
  it('returns the holder: id, ms left, name, data, token', async () => {
    const { token, until } = await bench.acquire({ id: 'me', name: 'my name', data: 'http://me' });
    const held = await bench.read();
    expect(held).toMatchObject({ status: 'held', token, until });
    const [id, left, ...known] = held.rest;
    expect([id, ...known]).toEqual(['me', 'my name', 'http://me', String(token), '', await bench.run()]);
    expect(Number(left)).toBeGreaterThan(0.9 * LONG);
    expect(Number(left)).toBeLessThanOrEqual(LONG);
  });

  it('returns only id and ms left of a holder that writes no record', async () => {
    await bench.putLease('foreign', LONG);
    expect(await bench.read()).toMatchObject({ status: 'held', token: 0, until: 0 });
    expect((await bench.read()).rest).toEqual(['foreign', expect.any(String), '', '', '', '', '']);
  });

  it('cuts no lease, however far ahead', async () => {
    await bench.putLease('foreign', 100 * LONG);
    await bench.read();
    expect((await bench.lease())?.left).toBeGreaterThan(99 * LONG);
  });
});

describe('read: free', () => {
  it('returns the record of the last term', async () => {
    const { token, until } = await bench.acquire({ id: 'me' });
    await bench.loseLease();
    expect(await bench.read()).toMatchObject({ status: 'free', token, until, rest: [] });
  });

  it('returns zeros without a record', async () => {
    expect(await bench.read()).toMatchObject({ status: 'free', token: 0, until: 0, rest: [] });
  });
});

describe('read', () => {
  it('returns the server time in µs', async () => {
    const before = await bench.now();
    const { micros } = await bench.read();
    expect(micros).toBeGreaterThanOrEqual(before * 1000);
    expect(micros).toBeLessThan(((await bench.now()) + 1) * 1000);
  });

  it('writes nothing: it works for a user without write permission', async () => {
    const keys = [`~${bench.keys.lease}`, `~${bench.keys.record}`];
    await redis.client.aclSetUser('reader', ['on', '>pw', ...keys, '+eval', '+time', '+get', '+pttl', '+hmget']);
    const reader = await redis.server.client({ username: 'reader', password: 'pw' });
    await bench.acquire({ id: 'me' });
    const before = await bench.dump();
    expect((await new ScriptBench(reader).read()).status).toBe('held');
    await bench.loseLease();
    expect((await new ScriptBench(reader).read()).status).toBe('free');
    expect(await bench.dump()).toEqual(before.slice(1));
  });

  it('is LEASECONFLICT at a lease without expiry', async () => {
    await bench.putLease('no lease');
    await expect(bench.read()).rejects.toThrow(/^LEASECONFLICT /);
  });

  it.each(['lease', 'record'] as const)('is WRONGTYPE at a %s of another type', async (which) => {
    await redis.client.sAdd(bench.keys[which], 'member');
    await expect(bench.read()).rejects.toThrow('WRONGTYPE');
  });
});
