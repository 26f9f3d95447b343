import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const FIXTURE = [process.execPath, '--import', 'tsx', 'spec/e2e/programs/uptime.ts'];

/**
 * Runs a command in which /proc has only processes, as under systemd's `ProcSubset=pid`. It needs
 * root.
 */
const MASKED = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c'];
const REMOUNT = 'mount -t proc -o subset=pid proc /proc && exec "$0" "$@"';
const canMask = spawnSync(MASKED[0] ?? '', [...MASKED.slice(1), REMOUNT, 'true']).status === 0;

const WAYS: ReadonlyArray<readonly [how: string, command: readonly string[], isWhole: boolean]> = [
  ['as it is', FIXTURE, false],
  ['rounded to whole seconds', [...FIXTURE, 'whole-seconds'], true],
  // If a process may not mount, the case above replaces this one.
  ...(canMask ? [['in whole seconds, with /proc/uptime masked', [...MASKED, REMOUNT, ...FIXTURE], true] as const] : []),
];

it.each(WAYS)('the default clock of a process counts no suspension by an uptime %s', async (_, command, isWhole) => {
  const [file = '', ...args] = command;
  const { stdout } = await promisify(execFile)(file, args, { timeout: 50_000, killSignal: 'SIGKILL' });
  const seen = JSON.parse(stdout);
  expect(seen.isWhole).toBe(process.platform === 'linux' ? isWhole : true);
  expect(Math.abs(seen.counted)).toBeLessThan(5); // a step of a second would be at least 990
});
