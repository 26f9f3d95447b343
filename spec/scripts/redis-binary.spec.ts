import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Workbench } from './workbench.js';

let bench: Workbench;

beforeEach(() => {
  bench = new Workbench();
});

afterEach(() => {
  bench.clear();
});

describe('scripts/redis-binary.mjs', () => {
  it('prefers what REDIS_SERVER_BIN names, says so in one line, and remembers it', async () => {
    const given = bench.fake('mine/redis-server', '7.2.4');
    bench.fake('bin/redis-server', '8.0.0');
    const first = await bench.settle({ env: { REDIS_SERVER_BIN: given } });
    expect(first).toEqual({ code: 0, out: `redis-server: 7.2.4, REDIS_SERVER_BIN (${given})\n`, err: '' });
    expect(bench.settled()).toMatchObject({ server: given, version: '7.2.4' });
    expect(await bench.settle()).toEqual({ code: 0, out: '', err: '' });
    expect(bench.settled().server).toBe(given);
  });

  it('does not fall back when REDIS_SERVER_BIN names something that does not run', async () => {
    bench.fake('bin/redis-server', '8.0.0');
    const { code, err } = await bench.settle({ env: { REDIS_SERVER_BIN: bench.fake('mine/broken', undefined) } });
    expect(code).toBe(1);
    expect(err).toMatch(/REDIS_SERVER_BIN: .*mine\/broken ended with 1/);
    expect(existsSync(path.join(bench.dir, 'cache/redis.json'))).toBe(false);
  });

  it('lets REDIS_SERVER_BIN override what is remembered', async () => {
    const found = bench.fake('bin/redis-server', '7.0.0');
    await bench.settle();
    expect(bench.settled().server).toBe(found);
    const given = bench.fake('mine/redis-server', '7.2.4');
    await bench.settle({ env: { REDIS_SERVER_BIN: given } });
    expect(bench.settled().server).toBe(given);
  });

  it('takes redis-server from PATH, or else valkey-server', async () => {
    const valkey = bench.fake('bin/valkey-server', '8.1.0', 'Valkey');
    await bench.settle();
    expect(bench.settled()).toMatchObject({ server: valkey, version: '8.1.0' });
    rmSync(path.join(bench.dir, 'cache'), { recursive: true });
    const redis = bench.fake('bin/redis-server', '7.0.15');
    await bench.settle();
    expect(bench.settled().server).toBe(redis);
  });

  it('searches again when what it remembers no longer runs, or the record is half written', async () => {
    const found = bench.fake('bin/redis-server', '7.0.15');
    await bench.settle({ env: { REDIS_SERVER_BIN: bench.fake('mine/redis-server', '7.2.4') } });
    bench.fake('mine/redis-server', undefined);
    expect((await bench.settle()).out).toContain(found);
    writeFileSync(path.join(bench.dir, 'cache/redis.json'), '{"server": "/half');
    expect((await bench.settle()).out).toContain(found);
    expect(bench.settled().server).toBe(found);
  });

  it('passes over servers too old to test with, and says how to install one where it finds none', async () => {
    bench.fake('bin/redis-server', '6.0.16');
    const { code, err } = await bench.settle();
    expect(code).toBe(1);
    expect(err).toContain('is version 6.0.16, older than 6.2');
    for (const install of ['apt-get install -y redis-server', 'brew install redis', 'dnf install -y valkey']) {
      expect(err).toContain(install);
    }
  });

  it('settles on one whole record when several runs race', async () => {
    const found = bench.fake('bin/redis-server', '7.0.15');
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => bench.settle()));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(bench.settled().server).toBe(found);
    expect(readdirSync(path.join(bench.dir, 'cache'))).toEqual(['redis.json']);
  });
});
