import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { scripts } from '../../../lib/redis/scripts.js';
import { useRedis } from '../use-redis.js';
import { LONG, ScriptBench } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;

beforeEach(() => {
  bench = new ScriptBench(redis.client);
});

/** The errors of Redis 7.2, 7.0 and 6.2. */
const DENIED = /no permission|can't run this command|ACL failure/i;

/** The scripts, run by a user that may do everything except by `rules`. */
async function restricted(...rules: string[]): Promise<ScriptBench> {
  const username = `user${Math.random()}`;
  await redis.client.aclSetUser(username, ['on', '>pw', '~*', '&*', '+@all', ...rules]);
  return new ScriptBench(await redis.server.client({ username, password: 'pw' }));
}

describe('a record that may not be written', () => {
  it('grants nothing, and leaves the lease free', async () => {
    const forbidden = await restricted('-hset');
    await expect(forbidden.acquire()).rejects.toThrow(DENIED);
    expect(await bench.dump()).toEqual([]);
    expect((await bench.acquire({ id: 'other' })).status).toBe('granted');
  });

  it('fails a repeated grant and a renewal', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    const forbidden = await restricted('-hset');
    await expect(forbidden.acquire({ id: 'me' })).rejects.toThrow(DENIED);
    await expect(forbidden.renew({ id: 'me', token })).rejects.toThrow(DENIED);
  });

  it('does not fail a release', async () => {
    await bench.acquire({ id: 'me' });
    const forbidden = await restricted('-hset');
    expect(await forbidden.release('me')).toMatchObject({ status: 'released' });
    expect(await bench.lease()).toBeUndefined();
  });

  it('does not mend a loss partly', async () => {
    const forbidden = await restricted('-hset');
    await expect(forbidden.acquire({ seen: 7 })).rejects.toThrow(DENIED);
    expect(await bench.dump()).toEqual([]);
  });
});

describe('a full server', () => {
  const fill = () => redis.client.configSet({ maxmemory: '1' });
  const empty = () => redis.client.configSet({ maxmemory: '0' });

  afterEach(empty);

  it('grants nothing', async () => {
    await fill();
    await expect(bench.acquire()).rejects.toThrow('OOM');
    await empty();
    expect(await bench.dump()).toEqual([]);
  });

  it('mends nothing', async () => {
    await fill();
    await expect(bench.acquire({ seen: 7 })).rejects.toThrow('OOM');
    await empty();
    expect(await bench.dump()).toEqual([]);
  });

  it('still renews, record included, so that a leader keeps its lease', async () => {
    const { token, rest } = await bench.acquire({ id: 'me', ttl: 1_000 });
    await fill();
    const renewed = await bench.renew({ id: 'me', token, ttl: LONG, run: rest[0] ?? '' });
    expect(renewed.status).toBe('renewed');
    expect((await bench.lease())?.left).toBeGreaterThan(0.9 * LONG);
    expect((await bench.record()).until).toBe(String(renewed.until));
  });

  it('still releases, record included', async () => {
    await bench.acquire({ id: 'me' });
    await fill();
    expect(await bench.release('me')).toMatchObject({ status: 'released', until: 0 });
    expect((await bench.record()).until).toBe('0');
  });

  it('returns gone for a vanished lease, although the record keeps its until', async () => {
    const { until } = await bench.acquire({ id: 'me' });
    await bench.loseLease();
    await fill();
    expect(await bench.release('me')).toMatchObject({ status: 'gone', until });
  });

  it('returns the holder', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    await fill();
    expect(await bench.acquire({ id: 'other' })).toMatchObject({ status: 'held', token });
    expect((await bench.read()).status).toBe('held');
  });
});

describe('the scripts', () => {
  it('have the hash by which Redis knows them', async () => {
    for (const { source, sha } of Object.values(scripts)) expect(await redis.client.scriptLoad(source)).toBe(sha);
  });

  it('use only the given keys, so that they run in a cluster and under a key prefix', () => {
    for (const { source } of Object.values(scripts)) {
      expect(source).not.toMatch(/leader:|:record|:events/);
      expect(source.match(/KEYS\[\d\]/g)?.sort()).toEqual(expect.arrayContaining(['KEYS[1]', 'KEYS[2]']));
    }
  });
});
