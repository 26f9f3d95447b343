import { describe, expect, it } from '@jest/globals';
import { parseArguments } from '../../../proof/chaos/arguments.js';
import { summarize } from '../../../proof/chaos/summary.js';
import { judge } from '../../../proof/chaos/verdict.js';
import { evidenceOf, injected, led } from './forge.js';

const ARGS = parseArguments(['--seed', '7', '--minutes', '0.5', '--candidates', '2'], () => 0);

const summary = (facts: Parameters<typeof evidenceOf>[0] = {}) => {
  const evidence = evidenceOf(facts);
  return summarize(ARGS, evidence, judge(evidence)).join('\n');
};

describe('the summary of a chaos run', () => {
  it('tells what to run again, and what came of it', () => {
    const text = summary();
    expect(text).toContain(' seed        7, 0.5 minutes, 2 candidates, library ours\n');
    expect(text).toContain(' terms       4, 3 changes of leadership (3 needed)\n');
    expect(text).toContain(' overlaps    0\n');
    expect(text).toContain(' recoveries  1, the slowest in 900 ms of 2 000 ms allowed\n');
    expect(text).toContain(' exits       2 at the end, the slowest in 60 ms\n');
    expect(text).toMatch(/ outcome {5}all as it should be$/);
  });

  it('counts faults by kind and length, without those that did not happen', () => {
    const faults = [
      injected({ kind: 'SIGSTOP', length: 'below' }),
      injected({ kind: 'SIGSTOP', length: 'beyond' }),
      injected({ kind: 'SIGSTOP', length: 'beyond' }),
      injected({ kind: 'FLUSHALL', length: 'instant' }),
      injected({ kind: 'FLUSHALL', length: 'instant', skipped: 'down' }),
    ];
    const text = summary({ faults });
    expect(text).toMatch(/ target +fault +at once +< ttl +> ttl\n/);
    expect(text).toMatch(/ process +SIGSTOP +1 +2\n/);
    expect(text).toMatch(/ data +FLUSHALL +1\n/);
    expect(text).toContain(' faults      4, and 1 for which there was nobody, or no server\n');
  });

  it('tells the longest time without a leader, and what happened then', () => {
    const faults = [injected({ kind: 'kill -9', row: 'c1', from: 1_400, to: 1_900 })];
    expect(summary({ faults })).toContain(' no leader   for 500 ms at most, at 1.50 s: kill -9 of c1\n');
    expect(summary({ logs: [] })).toContain(' no leader   never\n');
  });

  it('says what is wrong, and that a run is void', () => {
    const logs = [led('c1/1', 1, 0, 1_000), led('c2/1', 2, 500, 1_500)];
    expect(summary({ logs })).toMatch(/ WRONG {7}two leaders: .*\n outcome {5}NOT AS IT SHOULD BE$/s);
    const complaints = Array.from({ length: 10 }, (_, index) => `complaint ${index + 1}`);
    expect(summary({ complaints })).toMatch(/complaint 8\n WRONG {7}and 2 more\n/);
    expect(summary({ minutes: 5 })).toMatch(/ outcome {5}VOID/);
  });
});
