import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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

/** Serves an archive with nothing to build in it, as the place that Redis is downloaded from. */
async function startMirror(): Promise<AsyncDisposable & { url: string }> {
  mkdirSync(path.join(bench.dir, 'redis-stable/src'), { recursive: true });
  writeFileSync(path.join(bench.dir, 'redis-stable/Makefile'), '');
  const archive = path.join(bench.dir, 'redis-stable.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', bench.dir, 'redis-stable']);
  const server = createServer((_, response) => {
    const bytes = readFileSync(archive);
    response.writeHead(200, { 'content-length': bytes.length, connection: 'close' }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const build = (mirror: string) =>
  bench.settle({
    ways: 'source',
    env: { PATH: `${path.join(bench.dir, 'bin')}:/usr/bin:/bin`, REDISMS_DOWNLOAD_MIRROR: mirror },
  });

describe('building redis-server from source', () => {
  it('keeps what make built, and nothing else', async () => {
    await using mirror = await startMirror();
    const server = '#!/bin/sh\\necho "Redis server v=8.2.0"\\n';
    bench.program('bin/make', `printf '${server}' > src/redis-server && chmod +x src/redis-server`);
    const { code, out, err } = await build(mirror.url);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^redis-server: downloading.*\nredis-server: 8\.2\.0, built from source \(.*\)\n$/);
    expect(readdirSync(path.join(bench.dir, 'cache')).sort()).toEqual(['redis-server-built', 'redis.json']);
    expect(await build(mirror.url)).toEqual({ code: 0, out: '', err: '' });
  });

  it('fails without delay, time and again, where nothing can be downloaded', async () => {
    const took: number[] = [];
    for (const _ of [1, 2]) {
      const begun = performance.now();
      // Nobody listens there, nor can: a port that a server has left may be another spec's by now,
      // which says something else.
      const { code, err } = await build('http://127.0.0.1:1');
      took.push(performance.now() - begun);
      expect(code).toBe(1);
      expect(err).toMatch(/built from source: .*ECONNREFUSED/);
      expect(readdirSync(path.join(bench.dir, 'cache'))).toEqual([]);
    }
    // A lock that the first run left behind would hold the second up for minutes.
    expect(Number(took[1]) / Number(took[0])).toBeLessThan(10);
  });

  it('fails with what make said', async () => {
    await using mirror = await startMirror();
    bench.program('bin/make', 'echo no compiler >&2; exit 2');
    const { code, err } = await build(mirror.url);
    expect(code).toBe(1);
    expect(err).toContain('no compiler');
  });
});
