import { describe, expect, it } from '@jest/globals';
import { judge, since } from '../../../proof/chaos/verdict.js';
import { evidenceOf, injected, led, noted } from './forge.js';

const problems = (facts: Parameters<typeof evidenceOf>[0]) => {
  const { outcome, problems } = judge(evidenceOf(facts));
  expect(outcome).toBe('wrong');
  return problems.join('\n');
};

describe('the verdict on a chaos run', () => {
  it('is well where one led after the other, often enough', () => {
    const verdict = judge(evidenceOf());
    expect(verdict).toMatchObject({ outcome: 'well', problems: [], overlaps: 0, changes: 3, needed: 3 });
    expect(verdict.terms).toHaveLength(4);
  });

  it('is void with too few changes for its minutes', () => {
    expect(judge(evidenceOf({ minutes: 0.51 }))).toMatchObject({ outcome: 'void', changes: 3, needed: 4 });
    expect(judge(evidenceOf({ logs: [] }))).toMatchObject({ outcome: 'void', changes: 0 });
  });

  it('counts no change where the same process leads again', () => {
    const first = led('c1/1', 1, 0, 500);
    const again = led('c1/1', 2, 1_000, 1_500);
    const logs = [{ who: 'c1/1', lines: [...first.lines, ...again.lines] }];
    expect(judge(evidenceOf({ logs }))).toMatchObject({ changes: 0, terms: { length: 2 } });
  });

  it('finds two leaders, also where there were too few changes', () => {
    const logs = [led('c1/1', 1, 0, 1_000), led('c2/1', 2, 500, 1_500)];
    expect(problems({ logs })).toContain('two leaders');
    expect(judge(evidenceOf({ logs })).overlaps).toBe(1);
  });

  it('finds what nobody caught, what ended by itself, and who was late', () => {
    const { logs } = evidenceOf();
    expect(problems({ logs: [...logs, noted('c3/1', 'stray', 'unhandled rejection: x')] })).toBe(
      'stray: c3/1: unhandled rejection: x',
    );
    expect(problems({ complaints: ['c3/1 ended by itself: 1'] })).toBe('c3/1 ended by itself: 1');
    const late = { healed: 0, allowed: 2_000 };
    expect(problems({ recoveries: [{ ...late, took: 2_001 }] })).toMatch(
      /too late: .* only after 2001, 2000 ms allowed/,
    );
    expect(problems({ recoveries: [{ ...late, took: Number.POSITIVE_INFINITY }] })).toMatch(
      /not seen, 2000 ms allowed/,
    );
  });

  it('knows the longest time without a leader, and what happened then', () => {
    const logs = [led('c1/1', 1, 0, 1_000), led('c2/1', 2, 4_000, 5_000), led('c1/1', 3, 5_500, 6_000)];
    const before = injected({ kind: 'kill -9', row: 'c1', from: 900, to: 2_000 });
    const during = injected({ kind: 'FLUSHALL', from: 3_000, to: 3_000 });
    const long = injected({ kind: 'restart', from: -9_000, to: -1_000 });
    const skipped = injected({ kind: 'close', from: 3_000, to: 3_000, skipped: 'nobody' });
    const { longest } = judge(evidenceOf({ logs, faults: [long, before, during, skipped] }));
    expect(longest).toEqual({ from: 1_000, to: 4_000, during: [before, during] });
  });

  it('is the same on what came to light since some time, as far as that goes', () => {
    const logs = [led('c1/1', 1, 0, 1_000), led('c2/1', 2, 500, 1_500), led('c1/1', 3, 2_000, 3_000)];
    const recoveries = [
      { healed: 100, took: 9_000, allowed: 2_000 },
      { healed: 2_500, took: 10, allowed: 2_000 },
    ];
    const faults = [injected({ kind: 'cut', from: 50 }), injected({ kind: 'close', from: 2_100 })];
    const latest = since(evidenceOf({ logs, recoveries, faults }), 1_600);
    expect(judge(latest)).toMatchObject({ problems: [], terms: [{ who: 'c1/1', token: 3 }] });
    expect(latest.faults).toEqual([faults[1]]);
    expect(judge(since(evidenceOf({ logs, recoveries }), 0)).problems.length).toBeGreaterThan(1);
  });
});
