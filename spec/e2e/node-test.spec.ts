import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

it('the default clock follows the mock timers of node:test, and ignores a real pause between two steps', async () => {
  const args = ['--no-warnings', '--import', 'tsx', 'spec/e2e/programs/node-test.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 50_000, killSignal: 'SIGKILL' });
  const passed = JSON.parse(stdout);
  expect(passed).toMatchObject({ enabled: 0, ticked: 1_234, paused: 0, reset: 0 });
  // Mocked dates alone are not fake timers. The machine may pause for longer than asked.
  expect(passed.pausedForReal).toBeGreaterThanOrEqual(299);
  expect(passed.datesOnly).toBeLessThan(30_000);
});
