import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

/** A download of 4 MB and a build, on a slow machine of one core. */
const TIMEOUT = 10 * 60_000;

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

const CHILD = `
  const { default: binary } = require('redis-memory-server/lib/util/RedisBinary.js');
  binary.getPath().then(console.log, (error) => { console.error(error.message); process.exitCode = 1; });
`;

/**
 * Lets redis-memory-server download and build Redis, in a directory of this run's own: in a shared one its lock file
 * outlives a failed run, and then the next one waits for it for minutes.
 *
 * @param {string} cacheDir
 * @returns {Promise<string>} the path of the redis-server
 */
export async function buildFromSource(cacheDir) {
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(path.join(cacheDir, 'build-'));
  try {
    const { REDISMS_SYSTEM_BINARY: _, ...env } = process.env;
    const result = await run(process.execPath, ['-e', CHILD], {
      timeout: TIMEOUT,
      cwd: packageRoot,
      env: { ...env, REDISMS_DOWNLOAD_DIR: work },
    });
    const built = result.stdout.trim().split('\n').at(-1);
    if (!result.ok || !built) throw new Error(result.why || 'the build named no redis-server');
    // The server is one self-contained file; a rename replaces an older one in one step.
    const server = path.join(cacheDir, 'redis-server-built');
    await rename(built, server);
    return server;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
