/** Installs what the benchmark measures rx-leader beside, the first time and whenever its lock file has changed. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bench = new URL('./', import.meta.url);
const lock = readFileSync(new URL('package-lock.json', bench), 'utf8');
const installed = new URL('node_modules/.installed-lock.json', bench);

/** The lock file that was installed last. */
function before() {
  try {
    return readFileSync(installed, 'utf8');
  } catch {
    return undefined;
  }
}

if (before() !== lock) {
  console.log('bench: installing what rx-leader is measured beside');
  // redlock-universal says that it wants a newer Node; it runs on this one.
  const args = [
    'ci',
    '--prefix',
    fileURLToPath(bench),
    '--ignore-scripts',
    '--engine-strict=false',
    '--loglevel=error',
  ];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error('bench: npm could not install them; the registry is needed once');
    process.exit(status ?? 1);
  }
  writeFileSync(installed, lock);
}
