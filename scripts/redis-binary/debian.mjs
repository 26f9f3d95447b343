import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './run.mjs';

/** Directories of runs that were killed half-way are cleared once nobody can be at work in them any more. */
const ABANDONED = 60 * 60_000;

/**
 * Unpacks the distribution's own Redis into `cacheDir`, without root and without touching the system: apt gets lists and
 * a cache of our own, dpkg only unpacks. Concurrent runs work in directories of their own; a rename publishes the result.
 *
 * @param {string} cacheDir
 * @returns {Promise<string>} the path of a redis-server that runs
 */
export async function unpackDebianPackages(cacheDir) {
  await requireDebian();
  await mkdir(cacheDir, { recursive: true });
  await clearAbandoned(cacheDir);
  const work = await mkdtemp(path.join(cacheDir, 'debian-'));
  try {
    await unpackInto(path.join(work, 'unpacked'), work);
    return await publish(path.join(work, 'unpacked'), path.join(cacheDir, 'debian'));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function requireDebian() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release)) throw new Error('not a Debian or Ubuntu system');
}

/** @param {string} cacheDir */
async function clearAbandoned(cacheDir) {
  for (const name of await readdir(cacheDir)) {
    if (!/^(debian|build)-/.test(name)) continue;
    const dir = path.join(cacheDir, name);
    const age = await stat(dir).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > ABANDONED) await rm(dir, { recursive: true, force: true });
  }
}

/**
 * @param {string} target
 * @param {string} work
 */
async function unpackInto(target, work) {
  const lists = path.join(work, 'lists');
  const cache = path.join(work, 'cache');
  const root = path.join(target, 'root');
  const debs = path.join(work, 'debs');
  await mkdir(path.join(lists, 'partial'), { recursive: true });
  await mkdir(path.join(cache, 'archives/partial'), { recursive: true });
  await mkdir(root, { recursive: true });
  await mkdir(debs);

  // No sandbox user: apt run as root would fetch as _apt, which may not write here.
  const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`, '-o', 'APT::Sandbox::User='];
  const net = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15', '-o', 'Acquire::https::Timeout=15'];
  await must('apt-get', [...own, ...net, 'update'], { timeout: 90_000 });

  // A simulated install names exactly the packages that this system lacks, whatever its release.
  const plan = await must('apt-get', [...own, '-s', 'install', '--no-install-recommends', 'redis-server'], {
    timeout: 30_000,
  });
  const packages = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? '');
  await must('apt-get', [...own, ...net, 'download', ...packages], { timeout: 90_000, cwd: debs });
  for (const deb of await readdir(debs)) {
    await must('dpkg', ['-x', path.join(debs, deb), root], { timeout: 30_000 });
  }
  await writeWrappers(target, root);
}

/**
 * The unpacked programs do not find the unpacked libraries by themselves. A wrapper derives every path from its own place,
 * so that the directory may be renamed, and ends in `exec`, so that its pid is the server's.
 *
 * @param {string} target
 * @param {string} root
 */
async function writeWrappers(target, root) {
  const libraries = await libraryDirs(root);
  const programs = (await readdir(path.join(root, 'usr/bin'))).filter((name) => name.startsWith('redis-'));
  const bin = path.join(target, 'bin');
  await mkdir(bin);
  for (const name of programs) {
    const file = path.join(bin, name);
    const search = libraries.map((dir) => `$here/root/${dir}`).join(':');
    await writeFile(
      file,
      `#!/bin/sh\nhere="\${0%/*}/.."\nLD_LIBRARY_PATH="${search}" exec "$here/root/usr/bin/${name}" "$@"\n`,
    );
    await chmod(file, 0o755);
  }
}

/** @param {string} root */
async function libraryDirs(root) {
  const files = await readdir(root, { recursive: true });
  return [...new Set(files.filter((file) => /\/[^/]+\.so(\.[\d.]+)?$/.test(file)).map((file) => path.dirname(file)))];
}

/**
 * @param {string} from
 * @param {string} to
 */
async function publish(from, to) {
  const server = path.join(to, 'bin/redis-server');
  const trial = await run(path.join(from, 'bin/redis-server'), ['--version'], { timeout: 10_000 });
  if (!trial.ok) throw new Error(`the unpacked redis-server does not run: ${trial.why}`);
  try {
    await rename(from, to);
  } catch {
    // There is one already. A concurrent run's is as good as ours; one that does not run is replaced.
    if ((await run(server, ['--version'], { timeout: 10_000 })).ok) return server;
    await rm(to, { recursive: true, force: true });
    await rename(from, to);
  }
  return server;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{timeout: number, cwd?: string}} options
 */
async function must(command, args, options) {
  // apt's output is parsed, so it must not be translated.
  const result = await run(command, args, { ...options, env: { ...process.env, LC_ALL: 'C' } });
  if (!result.ok) throw new Error(result.why);
  return result.stdout;
}
