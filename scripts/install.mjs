/**
 * Installs the packages of a folder that has its own lock file, the first time and whenever that file has changed:
 *
 *     node scripts/install.mjs bench
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [name = ''] = process.argv.slice(2);
const folder = fileURLToPath(new URL(`../${name}`, import.meta.url));
const lock = readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
const installed = path.join(folder, 'node_modules/.installed-lock.json');

/** The lock file that was installed last. */
function before() {
  try {
    return readFileSync(installed, 'utf8');
  } catch {
    return undefined;
  }
}

if (before() !== lock) {
  console.log(`${name}: installing its packages`);
  // Some packages of the benchmark ask for a newer Node.js than they need.
  const args = ['ci', '--prefix', folder, '--ignore-scripts', '--engine-strict=false', '--loglevel=error'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name}: npm could not install its packages; the registry is needed once`);
    process.exit(status ?? 1);
  }
  writeFileSync(installed, lock);
}
