/**
 * Settles which redis-server the specs and the demo start, and remembers it, so that nothing has to search, download or
 * build while a spec's clock is running.
 *
 *     node scripts/redis-binary.mjs [--cache <dir>] [--ways given,path,debian,source]
 *
 * The remembered server is used again for as long as it runs. `REDIS_SERVER_BIN` overrides everything.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { unpackDebianPackages } from './redis-binary/debian.mjs';
import { run } from './redis-binary/run.mjs';
import { buildFromSource } from './redis-binary/source.mjs';

/** The oldest server the library supports, and so the oldest worth testing against. */
const OLDEST = { major: 6, minor: 2 };
const OLDEST_NAME = `${OLDEST.major}.${OLDEST.minor}`;

const INSTALL = `Install Redis or Valkey (${OLDEST_NAME} or newer), or point REDIS_SERVER_BIN at a redis-server:
  sudo apt-get install -y redis-server
  brew install redis
  sudo dnf install -y valkey`;

/**
 * @typedef {{server: string, version: string, way: string}} Settled
 * @typedef {(cacheDir: string) => Promise<string | undefined>} Way the server's path; undefined where the way does not apply
 */

/** @type {Record<string, {describe: string, find: Way, slow?: string}>} In the order they are tried. */
const WAYS = {
  given: { describe: 'REDIS_SERVER_BIN', find: async () => process.env.REDIS_SERVER_BIN || undefined },
  path: {
    describe: 'found on PATH',
    find: async () => (await onPath('redis-server')) ?? (await onPath('valkey-server')),
  },
  debian: { describe: "the distribution's packages, unpacked", find: unpackDebianPackages },
  source: { describe: 'built from source', find: buildFromSource, slow: 'downloading and building Redis (minutes)' },
};

/** @param {string} name */
async function onPath(name) {
  const dirs = (process.env.PATH ?? '').split(path.delimiter).filter((dir) => path.isAbsolute(dir));
  for (const dir of dirs) {
    const file = path.join(dir, name);
    if ((await run(file, ['--version'], { timeout: 10_000 })).ok) return file;
  }
  return undefined;
}

/**
 * @param {string} server
 * @returns {Promise<string>} its version
 * @throws where it does not run or is too old
 */
async function probe(server) {
  const result = await run(server, ['--version'], { timeout: 10_000 });
  if (!result.ok) throw new Error(result.why);
  const [, version, major, minor] = /\bv=((\d+)\.(\d+)\S*)/.exec(result.stdout) ?? [];
  if (!version) throw new Error(`${server} does not tell its version`);
  const old = Number(major) - OLDEST.major || Number(minor) - OLDEST.minor;
  if (old < 0) throw new Error(`${server} is version ${version}, older than ${OLDEST_NAME}`);
  return version;
}

/**
 * @param {string} record
 * @returns {Promise<Settled | undefined>}
 */
async function remembered(record) {
  try {
    const settled = JSON.parse(await readFile(record, 'utf8'));
    const given = process.env.REDIS_SERVER_BIN;
    if (given && path.resolve(given) !== settled.server) return undefined;
    return { ...settled, version: await probe(settled.server) };
  } catch {
    return undefined;
  }
}

/**
 * @param {string} cacheDir
 * @param {string[]} ways
 * @returns {Promise<Settled>}
 */
async function search(cacheDir, ways) {
  const reasons = [];
  for (const [way, { describe, find, slow }] of Object.entries(WAYS).filter(([way]) => ways.includes(way))) {
    try {
      if (slow) console.log(`redis-server: ${slow}`);
      const found = await find(cacheDir);
      if (found) return { server: path.resolve(found), version: await probe(found), way: describe };
      reasons.push(`${describe}: none`);
    } catch (error) {
      reasons.push(`${describe}: ${/** @type {Error} */ (error).message}`);
      // Whoever names a server means that one; testing quietly against another would mislead.
      if (way === 'given') break;
    }
  }
  throw new Error(`No redis-server to test with.\n${reasons.map((reason) => `  ${reason}`).join('\n')}\n${INSTALL}`);
}

/**
 * @param {string} cacheDir
 * @param {string[]} ways
 */
async function settle(cacheDir, ways) {
  const record = path.join(cacheDir, 'redis.json');
  if (await remembered(record)) return;
  const settled = await search(cacheDir, ways);
  await mkdir(cacheDir, { recursive: true });
  // Another run may be reading: it must see the old record or the new one, never half of one.
  const draft = `${record}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(settled)}\n`);
  await rename(draft, record);
  console.log(`redis-server: ${settled.version}, ${settled.way} (${settled.server})`);
}

// Children stop with this process (they have process groups of their own), which takes an orderly exit.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.once(signal, () => process.exit(1));

const { values } = parseArgs({
  options: {
    cache: { type: 'string', default: fileURLToPath(new URL('../node_modules/.cache/rx-leader', import.meta.url)) },
    ways: { type: 'string', default: Object.keys(WAYS).join(',') },
  },
});
await settle(path.resolve(values.cache), values.ways.split(',')).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
