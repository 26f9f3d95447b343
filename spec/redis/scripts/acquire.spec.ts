import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { useRedis } from '../use-redis.js';
import { LONG, ScriptBench } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;

beforeEach(() => {
  bench = new ScriptBench(redis.client);
});

describe('acquire: granted', () => {
  it('takes a free lease: token, until, and the run id and database of the server', async () => {
    const granted = await bench.acquire({ id: 'me', ttl: LONG });
    expect(granted).toMatchObject({ status: 'granted', rest: [await bench.run()] });
    expect(granted.until).toBe(granted.now + LONG);
    expect(await bench.lease()).toMatchObject({ id: 'me' });
    const left = (await bench.lease())?.left ?? 0;
    expect(left).toBeGreaterThan(0.9 * LONG);
    expect(left).toBeLessThanOrEqual(LONG);
  });

  it('writes the whole record', async () => {
    const { token, until, now } = await bench.acquire({ name: 'my name', data: 'http://me' });
    expect(await bench.record()).toEqual({
      token: String(token),
      id: 'me',
      name: 'my name',
      data: 'http://me',
      run: await bench.run(),
      until: String(until),
      at: String(now),
      peak: '0',
    });
    expect(await redis.client.pTTL(bench.keys.record)).toBe(-1);
  });

  it('uses the server time in µs as the first token', async () => {
    const { token, micros } = await bench.acquire();
    expect(token).toBe(micros);
  });

  it('makes a token exactly one above the record if that is ahead of the time', async () => {
    const stored = 2 ** 53 - 1000; // far above any time, and the next one is still exact
    await bench.putRecord({ token: String(stored), id: 'before', until: '0' });
    expect((await bench.acquire()).token).toBe(stored + 1);
    expect((await bench.record()).token).toBe(String(stored + 1));
  });

  it('makes a token above the highest that the candidate has seen', async () => {
    await bench.putRecord({ token: '5', id: '', run: await bench.runId(), until: '1' }); // mended, and expired
    const seen = 2 ** 53 - 1000;
    expect(await bench.acquire({ seen })).toMatchObject({ status: 'granted', token: seen + 1 });
  });

  it('keeps a lease for its ttl', async () => {
    const ttl = 120;
    const first = await bench.acquire({ id: 'me', ttl });
    expect(await bench.acquire({ id: 'other' })).toMatchObject({ status: 'held' });
    const later = await until(async () => {
      const answer = await bench.acquire({ id: 'other' });
      return answer.status === 'granted' && answer;
    });
    expect(later.now).toBeGreaterThanOrEqual(first.until);
  });

  it('returns every number as a whole decimal', async () => {
    const { raw } = await bench.acquire();
    expect(raw).toEqual([
      'granted',
      expect.stringMatching(/^\d{16}$/),
      expect.stringMatching(/^\d{16}$/),
      expect.stringMatching(/^\d{13}$/),
      expect.stringMatching(/^[0-9a-f]{40}:0$/),
    ]);
  });
});

describe('acquire: granted twice to one request', () => {
  it('returns the same token and run, with a fresh expiry', async () => {
    const first = await bench.acquire({ id: 'me', ttl: 1_000 });
    const second = await bench.acquire({ id: 'me', ttl: LONG, name: 'renamed' });
    expect(second).toMatchObject({ status: 'granted', token: first.token, rest: first.rest });
    expect(second.until).toBe(second.now + LONG);
    expect((await bench.lease())?.left).toBeGreaterThan(0.9 * LONG);
    expect(await bench.record()).toMatchObject({ token: String(first.token), name: 'renamed', run: first.rest[0] });
  });

  it('makes a new token if the record is lost', async () => {
    const first = await bench.acquire({ id: 'me' });
    await redis.client.del(bench.keys.record);
    const second = await bench.acquire({ id: 'me' });
    expect(second).toMatchObject({ status: 'granted', rest: [''] });
    expect(second.token).toBeGreaterThan(first.token);
  });

  it('makes a token above another term on record', async () => {
    await bench.acquire({ id: 'me' });
    await bench.putRecord({ id: 'other', token: String(2 ** 53 - 1000) });
    expect((await bench.acquire({ id: 'me' })).token).toBe(2 ** 53 - 999);
  });
});

describe('acquire: in another database than expected', () => {
  const MOVED = /LEASEMOVED from database 5 to 0/;

  it('grants nothing', async () => {
    await expect(bench.acquire({ database: '5' })).rejects.toThrow(MOVED);
    expect(await redis.client.keys('*')).toEqual([]);
  });

  it('detects no loss there, and writes nothing', async () => {
    await expect(bench.acquire({ database: '5', seen: 7 })).rejects.toThrow(MOVED);
    expect(await redis.client.keys('*')).toEqual([]);
  });

  it('grants in the expected one, whatever is in the others', async () => {
    const other = await redis.server.client();
    await other.select(5);
    await other.set('x', 'y');
    await redis.client.set('x', 'y');
    expect(await bench.acquire({ database: '0' })).toMatchObject({ status: 'granted', rest: [await bench.run()] });
    expect((await bench.lease())?.left).toBeGreaterThan(0.9 * LONG);
  });
});

describe('acquire: held', () => {
  it('returns the holder: id, ms left, name, data, token, an empty field, run and database', async () => {
    const { token, until: till } = await bench.acquire({ id: 'me', name: 'my name', data: 'http://me' });
    const held = await bench.acquire({ id: 'other' });
    expect(held).toMatchObject({ status: 'held', token, until: till });
    const [id, left, ...known] = held.rest;
    expect([id, ...known]).toEqual(['me', 'my name', 'http://me', String(token), '', await bench.run()]);
    expect(Number(left)).toBeGreaterThan(0.9 * LONG);
    expect(Number(left)).toBeLessThanOrEqual(LONG);
  });

  it('returns only id and ms left of a holder that writes no record', async () => {
    await bench.putLease('foreign', LONG);
    expect((await bench.acquire()).rest).toEqual(['foreign', expect.stringMatching(/^\d+$/), '', '', '', '', '']);
  });

  it('does not return the record of an earlier term as the holder’s', async () => {
    await bench.acquire({ id: 'me', name: 'my name' });
    await bench.putLease('foreign', LONG);
    expect((await bench.acquire({ id: 'other' })).rest).toEqual(['foreign', expect.any(String), '', '', '', '', '']);
  });

  it('changes nothing', async () => {
    await bench.acquire({ id: 'me' });
    const before = await bench.dump();
    await bench.acquire({ id: 'other', name: 'other', seen: 2 ** 52, coldStart: 'wait' });
    expect(await bench.dump()).toEqual(before);
  });

  it('cuts a lease longer than a ttl, which was set before the clock went back', async () => {
    await bench.putLease('me', 100 * LONG);
    const held = await bench.acquire({ id: 'other', ttl: LONG });
    expect(Number(held.rest[1])).toBeLessThanOrEqual(LONG);
    expect(Number(held.rest[5])).toBeGreaterThan(99 * LONG);
    expect((await bench.lease())?.left).toBeLessThanOrEqual(LONG);
    expect((await bench.lease())?.id).toBe('me');
  });

  it('cuts the record along with it, so that candidates do not wait for one after the other', async () => {
    await bench.acquire({ id: 'me', ttl: 100 * LONG });
    const held = await bench.acquire({ id: 'other', ttl: LONG });
    expect(held.until - held.now).toBeLessThanOrEqual(LONG);
    expect((await bench.record()).until).toBe(String(held.until));
  });
});

describe('acquire: late', () => {
  it('grants nothing and writes nothing', async () => {
    const { now } = await bench.read();
    expect(await bench.acquire({ notAfter: now - 1 })).toMatchObject({ status: 'late', token: 0, until: 0, rest: [] });
    expect(await bench.dump()).toEqual([]);
  });

  it('repeats no grant either', async () => {
    const { now } = await bench.acquire({ id: 'me', ttl: 1_000 });
    expect(await bench.acquire({ id: 'me', ttl: LONG, notAfter: now - 1 })).toMatchObject({ status: 'late' });
    expect((await bench.lease())?.left).toBeLessThanOrEqual(1_000);
  });

  it('mends nothing', async () => {
    const { now } = await bench.read();
    expect(await bench.acquire({ notAfter: now - 1, seen: 5, coldStart: 'wait' })).toMatchObject({ status: 'late' });
    expect(await bench.dump()).toEqual([]);
  });

  it('cuts no lease', async () => {
    await bench.putLease('me', 100 * LONG);
    const { now } = await bench.read();
    expect(await bench.acquire({ id: 'other', notAfter: now - 1 })).toMatchObject({ status: 'late' });
    expect((await bench.lease())?.left).toBeGreaterThan(LONG);
  });

  it('accepts fractions of a ms, and grants until then', async () => {
    const { now } = await bench.read();
    expect(await bench.acquire({ id: 'one', notAfter: now - 0.001 })).toMatchObject({ status: 'late' });
    expect(await bench.acquire({ id: 'two', notAfter: now + LONG + 0.5 })).toMatchObject({ status: 'granted' });
  });
});

describe('acquire: errors', () => {
  it.each(['elect', 'wait'] as const)(
    'is LEASECONFLICT at a lease without expiry, and changes nothing (%s)',
    async (coldStart) => {
      await bench.putLease('no lease');
      const before = await bench.dump();
      await expect(bench.acquire({ coldStart, seen: 7 })).rejects.toThrow(/^LEASECONFLICT /);
      expect(await bench.dump()).toEqual(before);
    },
  );

  it('is WRONGTYPE at a lease of another type, and does not overwrite it', async () => {
    await redis.client.hSet(bench.keys.lease, { some: 'hash' });
    const before = await bench.dump();
    await expect(bench.acquire()).rejects.toThrow('WRONGTYPE');
    expect(await bench.dump()).toEqual(before);
  });

  it('is WRONGTYPE at a record of another type, and neither overwrites it nor grants', async () => {
    await redis.client.set(bench.keys.record, 'some text');
    const before = await bench.dump();
    await expect(bench.acquire()).rejects.toThrow('WRONGTYPE');
    expect(await bench.dump()).toEqual(before);
  });
});
