import { beforeEach, describe, expect, it } from '@jest/globals';
import { useRedis } from '../use-redis.js';
import { LONG, ScriptBench } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;

beforeEach(() => {
  bench = new ScriptBench(redis.client);
});

describe('release: released', () => {
  it('deletes its own lease, and marks the record as free', async () => {
    const { token } = await bench.acquire({ id: 'me', name: 'my name', data: 'http://me' });
    const before = await bench.record();
    expect(await bench.release('me')).toMatchObject({ status: 'released', token, until: 0, rest: [''] });
    expect(await bench.lease()).toBeUndefined();
    expect(await bench.record()).toEqual({ ...before, until: '0' });
  });

  it('lets the next candidate be granted at once', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    await bench.release('me');
    const next = await bench.acquire({ id: 'next' });
    expect(next.status).toBe('granted');
    expect(next.token).toBeGreaterThan(token);
  });

  it('does not change the record of another term', async () => {
    await bench.acquire({ id: 'me' });
    await bench.putRecord({ id: 'other', until: '17' });
    const before = await bench.record();
    expect(await bench.release('me')).toMatchObject({ status: 'released', until: 17 });
    expect(await bench.record()).toEqual(before);
  });

  it('creates no record', async () => {
    await bench.putLease('me', LONG);
    expect(await bench.release('me')).toMatchObject({ status: 'released', token: 0, until: 0 });
    expect(await bench.dump()).toEqual([]);
  });
});

describe('release: gone', () => {
  it('does not change the lease and record of another', async () => {
    const { token, until } = await bench.acquire({ id: 'leader' });
    const before = await bench.dump();
    expect(await bench.release('me')).toMatchObject({ status: 'gone', token, until, rest: [] });
    expect(await bench.dump()).toEqual(before);
  });

  it('is returned without any keys, and writes nothing', async () => {
    expect(await bench.release('me')).toMatchObject({ status: 'gone', token: 0, until: 0 });
    expect(await bench.dump()).toEqual([]);
  });

  it('does not change its own record if that is released already', async () => {
    await bench.acquire({ id: 'me' });
    await bench.release('me');
    const before = await bench.dump();
    expect(await bench.release('me')).toMatchObject({ status: 'gone', until: 0 });
    expect(await bench.dump()).toEqual(before);
  });
});

describe('release: errors', () => {
  it('is WRONGTYPE at a lease of another type, and does not delete it', async () => {
    await redis.client.hSet(bench.keys.lease, { some: 'hash' });
    const before = await bench.dump();
    await expect(bench.release()).rejects.toThrow('WRONGTYPE');
    expect(await bench.dump()).toEqual(before);
  });

  it('is WRONGTYPE at a record of another type, and then deletes nothing', async () => {
    await bench.acquire({ id: 'me' });
    await redis.client.set(bench.keys.record, 'some text');
    const before = await bench.dump();
    await expect(bench.release('me')).rejects.toThrow('WRONGTYPE');
    expect(await bench.dump()).toEqual(before);
  });

  it('deletes a lease with its id even without an expiry', async () => {
    await bench.putLease('me');
    expect(await bench.release('me')).toMatchObject({ status: 'released' });
    expect(await bench.lease()).toBeUndefined();
  });
});
