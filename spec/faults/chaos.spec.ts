import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type Run, runProgram } from '../support/program.js';
import { until } from '../support/until.js';

/**
 * ms for a run of a third of a minute, on a machine that also runs other specs. Alone, it takes 22
 * s.
 */
const WHOLE_RUN = 240_000;

const svg = path.join(tmpdir(), `rx-leader-chaos-${process.pid}.svg`);
afterAll(() => rmSync(svg, { force: true }));

const chaos = (...args: string[]): Run => runProgram('proof/chaos/main.ts', ...args);
const short = (...args: string[]): Run =>
  chaos('--minutes', '0.3', '--candidates', '5', '--seed', '11', '--svg', svg, ...args);

/**
 * Candidates, servers and the run itself are one process group, which disappears with its last
 * process.
 */
const leavesNothing = (run: Run) =>
  until(() => {
    try {
      return !process.kill(-(run.child.pid as number), 0);
    } catch {
      return true;
    }
  });

const whileFaultsHappen = (run: Run) => until(() => run.output().includes(' leads; '), { within: WHOLE_RUN });

describe('the chaos run', () => {
  it(
    'finds nothing wrong, counts and draws what it did, and leaves nothing running',
    async () => {
      const run = short();
      expect([await run.exit, run.complaints(), run.output()]).toEqual([
        0,
        '',
        expect.stringMatching(/all as it should be/),
      ]);
      expect(run.output()).toMatch(/ overlaps {4}0\n/);
      expect(run.output()).toContain('--seed 11');
      expect(readFileSync(svg, 'utf8')).toContain('overlaps: 0;');
      await leavesNothing(run);
    },
    WHOLE_RUN,
  );

  it(
    'finds out a library with deadline ignored, and keeps the logs',
    async () => {
      // Two rounds, because a leader must be cut off or stopped for longer than its lease while
      // others are well.
      const run = short('--library', 'deadline-ignored', '--minutes', '0.7');
      expect(await run.exit).toBe(1);
      expect(run.output()).toMatch(/ WRONG {7}two leaders: /);
      const folder = / logs {8}(\S+)/.exec(run.output())?.[1] ?? '';
      expect(readdirSync(folder)).toEqual(expect.arrayContaining(['c1-1.jsonl', 'faults.jsonl', 'recoveries.jsonl']));
      rmSync(folder, { recursive: true });
      await leavesNothing(run);
    },
    WHOLE_RUN,
  );

  it.each([
    ['SIGTERM', 143, 'the run', 1],
    ['SIGKILL', 'SIGKILL', 'the run', 1],
    ['SIGINT', 130, 'all its processes, as a terminal sends it', -1],
  ] as const)(
    'leaves nothing running after %s (%s) to %s',
    async (signal, code, _, whom) => {
      const run = short();
      await whileFaultsHappen(run);
      process.kill(whom * (run.child.pid as number), signal);
      expect(await run.exit).toBe(code);
      await leavesNothing(run);
    },
    WHOLE_RUN,
  );

  it('says what is wrong with its arguments and how it is used, and exits with 2', async () => {
    const run = chaos('--minutes', 'long');
    expect(await run.exit).toBe(2);
    expect(run.complaints()).toContain('--minutes must be a number from 0.2 to 60; received "long"\n');
    expect(run.complaints()).toContain('npm run chaos -- [options]');
  });

  it('explains itself with --help', async () => {
    const run = chaos('--help');
    expect(await run.exit).toBe(0);
    expect(run.output()).toContain('--seed N');
  });
});
