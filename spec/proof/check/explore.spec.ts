import { describe, expect, it } from '@jest/globals';
import { type Bounds, MOVES, type MoveName, REDUCTIONS, type Reduction } from '../../../proof/check/bounds.js';
import { engineOf } from '../../../proof/check/engine.js';
import { explore, type Result } from '../../../proof/check/explore.js';
import { OURS } from '../../../proof/mutant.js';
import { MUTANTS } from '../../../proof/sim/mutants.js';

const LIMITS = { seconds: 200, memory: 2 ** 31 };

interface Choice {
  readonly faults?: number;
  readonly moves?: readonly MoveName[];
  readonly notices?: boolean;
  readonly without?: readonly Reduction[];
  readonly library?: string;
  readonly limits?: typeof LIMITS;
}

function run({ faults = 0, moves = MOVES, notices = true, without = [], library, limits = LIMITS }: Choice): Result {
  const variant = MUTANTS.find(({ variant: { name } }) => name === library)?.variant ?? OURS;
  const reductions = new Set(REDUCTIONS.filter((one) => !without.includes(one)));
  const bounds: Bounds = { candidates: 2, faults, ttlTicks: 8, moves: new Set(moves), notices, reductions };
  return explore(engineOf(variant), bounds, limits, () => {});
}

describe('the exhaustive check', () => {
  it('explores every order of events of two candidates without a fault (G1–G5)', () => {
    const { isExhausted, finding, states, open } = run({});
    expect({ isExhausted, finding, open }).toEqual({ isExhausted: true, finding: undefined, open: 0 });
    expect(states).toBeGreaterThan(50);
  });

  it('explores every order of events with one fault, without notices (G1–G5, G7)', () => {
    const { isExhausted, finding, situations } = run({ faults: 1, notices: false });
    expect({ isExhausted, finding }).toEqual({ isExhausted: true, finding: undefined });
    for (const reached of [
      'a leader is elected',
      'a term is resigned',
      'a retired id is taken back',
      'a term stalls',
    ]) {
      expect([reached, situations.get(reached)]).toEqual([reached, expect.any(Number)]);
      expect(situations.get(reached)).toBeGreaterThan(0);
    }
  });

  it.each([
    'deadline-stamped-at-the-reply',
    'deadline-ignored',
    'no-look-at-the-clock',
    'acquires-in-the-dark',
    'no-compare-and-delete-after-silence',
  ])('finds a library that lacks something: %s', (library) => {
    const { finding, trace, stoppedBy } = run({ faults: 1, notices: false, library });
    expect(stoppedBy).toBe('finding');
    expect(finding?.property).toMatch(/^G[1-7]/);
    // A line for each move, with the time in ticks.
    expect(trace.length).toBeGreaterThan(3);
    for (const line of trace) expect(line).toMatch(/^ *\d+ {2}\S/);
  });

  it('finds the shortest trace: the same one, whichever reductions are left out', () => {
    const library = 'deadline-stamped-at-the-reply';
    const lengths = [[], ['symmetry']].map(
      (without) => run({ faults: 1, notices: false, library, without: without as Reduction[] }).trace.length,
    );
    expect(new Set(lengths)).toEqual(new Set([lengths[0]]));
  });

  it('stops at a limit, and says which', () => {
    const { isExhausted, stoppedBy } = run({ faults: 2, limits: { ...LIMITS, seconds: 0 } });
    expect([isExhausted, stoppedBy]).toEqual([false, 'seconds']);
  });
});

describe('a reduction', () => {
  // Without the reduction of ages a world with one fault never ends: no fault then.
  it.each([
    ['stale', 1],
    ['symmetry', 1],
    ['tokens', 1],
  ] as const)('changes no verdict: %s', (reduction, faults) => {
    const moves: readonly MoveName[] = ['delay', 'lose', 'close'];
    const reduced = run({ faults, moves, notices: false });
    const whole = run({ faults, moves, notices: false, without: [reduction] });
    const verdict = ({ isExhausted, finding, situations }: Result) => ({
      isExhausted,
      finding,
      reached: [...situations].filter(([, times]) => times > 0).map(([name]) => name),
    });
    expect(verdict(whole)).toEqual(verdict(reduced));
    expect(whole.states).toBeGreaterThanOrEqual(reduced.states);
  });
});
