import { median } from '../../bench/statistics.js';
import { gapsOf, termsOf } from '../chaos/verdict.js';
import type { Log, Span } from '../checker.js';

/** What one repetition has come to. Times are ms. */
export interface Outcome {
  /** Total ms without a leader, from the fault on. */
  readonly leaderless: number;
  /**
   * From the fault until the first claim of another term; undefined where the term outlived the
   * fault.
   */
  readonly nextAfter: number | undefined;
  /** The longest time that two terms were claimed at once; undefined where none were. */
  readonly overlap: Overlap | undefined;
  /** Whether each term had a higher token than every earlier term. */
  readonly tokensRose: boolean;
}

export interface Overlap {
  readonly lasted: number;
  readonly first: Span;
  readonly second: Span;
}

/** What these logs say of an election that a fault faultAt at `faultAt`. */
export function outcomeOf(logs: readonly Log[], faultAt: number): Outcome {
  const terms = termsOf(logs);
  const next = terms.find(({ first }) => first > faultAt);
  return {
    leaderless: gapsOf(terms, [])
      .filter(({ to }) => to > faultAt)
      .reduce((sum, { from, to }) => sum + to - Math.max(from, faultAt), 0),
    nextAfter: next && next.first - faultAt,
    overlap: longest(overlapsOf(terms)),
    tokensRose: terms.every(({ token }, index) => {
      const before = terms[index - 1];
      return token !== undefined && (before === undefined || token > (before.token as number));
    }),
  };
}

/** Each pair of terms, given by their beginning, that were claimed at once. */
function overlapsOf(terms: readonly Span[]): Overlap[] {
  return terms.flatMap((first, index) =>
    terms.slice(index + 1).flatMap((second) => {
      const lasted = Math.min(first.last, second.last) - second.first;
      return lasted < 0 ? [] : [{ lasted, first, second }];
    }),
  );
}

const longest = (overlaps: readonly Overlap[]): Overlap | undefined =>
  overlaps.reduce<Overlap | undefined>((most, one) => (most && most.lasted >= one.lasted ? most : one), undefined);

/** What the repetitions of a row have come to, all in all. */
export interface Series {
  /** How many were measured. */
  readonly count: number;
  readonly leaderless: Spread | undefined;
  /** Over the repetitions in which another term began. */
  readonly nextAfter: Spread | undefined;
  /** In how many the term outlived the fault. */
  readonly kept: number;
  /** Over the repetitions in which two candidates led at once. */
  readonly overlap: (Spread & { readonly count: number }) | undefined;
  /** In how many tokens did not rise. */
  readonly fell: number;
}

export interface Spread {
  readonly median: number;
  readonly max: number;
}

export function seriesOf(outcomes: readonly Outcome[]): Series {
  const next = outcomes.flatMap(({ nextAfter }) => nextAfter ?? []);
  const overlaps = outcomes.flatMap(({ overlap }) => overlap?.lasted ?? []);
  const overlap = spread(overlaps);
  return {
    count: outcomes.length,
    leaderless: spread(outcomes.map(({ leaderless }) => leaderless)),
    nextAfter: spread(next),
    kept: outcomes.length - next.length,
    overlap: overlap && { ...overlap, count: overlaps.length },
    fell: outcomes.filter(({ tokensRose }) => !tokensRose).length,
  };
}

function spread(values: readonly number[]): Spread | undefined {
  const middle = median(values);
  return middle === undefined ? undefined : { median: middle, max: Math.max(...values) };
}
