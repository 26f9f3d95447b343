import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Packs the library once for all specs, which builds it. They find the tarball by this process's environment. */
export default function setup() {
  const folder = mkdtempSync(path.join(tmpdir(), 'rx-leader-package-'));
  sweep(folder);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  process.env.RX_LEADER_TARBALL = path.join(folder, readdirSync(folder)[0] ?? '');
}

/**
 * Removes `folder` when this process has ended, however it does: as with child processes (`scripts/support/guard.ts`), a shell waits for its
 * pipe to close. A program that still writes there is killed meanwhile; so once more, a moment later.
 *
 * @param {string} folder
 */
function sweep(folder) {
  const script = 'read -r line; rm -rf "$0" 2>/dev/null; sleep 2; rm -rf "$0"';
  const shell = spawn('/bin/sh', ['-c', script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  const pipe = /** @type {import('node:net').Socket | null} */ (shell.stdin);
  pipe?.unref();
}
