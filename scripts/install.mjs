/**
 * Installs the packages of a folder that has a lock file of its own, the first time and whenever that file has changed.
 * Usage: node scripts/install.mjs FOLDER
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [name = ''] = process.argv.slice(2);
const folder = fileURLToPath(new URL(`../${name}/`, import.meta.url));
const lock = readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
const installed = path.join(folder, 'node_modules/.installed-lock.json');

/** The lock file of the last installation. */
function lastLock() {
  try {
    return readFileSync(installed, 'utf8');
  } catch {
    return undefined;
  }
}

if (lastLock() !== lock) {
  console.log(`${name}: installing its packages`);
  // Some packages declare a newer Node than they need: redlock-universal, for one.
  const args = ['ci', '--prefix', folder, '--ignore-scripts', '--engine-strict=false', '--loglevel=error'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name}: npm could not install its packages. The first run needs the registry.`);
    process.exit(status ?? 1);
  }
  writeFileSync(installed, lock);
}
