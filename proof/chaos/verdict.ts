import { type Log, type Span, spansOf, violations } from '../checker.js';
import type { InjectedFault } from './fault-log.js';
import type { Recovery } from './recovery.js';

/** What a run has left to judge it by. Times are ms of one clock. */
export interface Evidence {
  readonly minutes: number;
  readonly begun: number;
  readonly ended: number;
  readonly logs: readonly Log[];
  readonly faults: readonly InjectedFault[];
  readonly recoveries: readonly Recovery[];
  /** ms that candidates took to leave at the end. */
  readonly exits: readonly number[];
  /** What went wrong with candidates' processes. */
  readonly complaints: readonly string[];
}

/** A time without a leader. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** What happened during it, or had happened just before it. */
  readonly during: readonly InjectedFault[];
}

/** The evidence from `at` on. Checking a whole long run would delay the candidates' connections. */
export function since(evidence: Evidence, at: number): Evidence {
  const from = ({ from }: { readonly from: number }) => from >= at;
  return {
    ...evidence,
    logs: evidence.logs.map(({ who, lines, stops = [] }) => ({
      who,
      lines: lines.filter((line) => ('from' in line ? line.from : line.at) >= at),
      stops: stops.filter(from),
    })),
    faults: evidence.faults.filter(from),
    recoveries: evidence.recoveries.filter(({ healed }) => healed >= at),
  };
}

export interface Verdict {
  readonly outcome: 'well' | 'wrong' | 'void';
  /** All that is not as it should be, a line each. */
  readonly problems: readonly string[];
  /** Pairs of candidates that led at one instant. */
  readonly overlaps: number;
  readonly terms: readonly Span[];
  /** How often the leadership passed from one candidate to another. */
  readonly changes: number;
  /** Fewer show nothing. */
  readonly needed: number;
  readonly longest: Gap | undefined;
}

/** Changes of leadership per minute that a run needs to count: about half of the usual number. */
const CHANGES_A_MINUTE = 6;

/** ms before a gap in which a fault may have caused it. */
const BEFORE = 1_000;

export function judge(evidence: Evidence): Verdict {
  const found = violations(evidence.logs);
  const problems = [
    ...found.map(({ rule, text }) => `${rule}: ${text}`),
    ...evidence.logs.flatMap(strayOf),
    ...evidence.complaints,
    ...evidence.recoveries.flatMap(lateness),
  ];
  const terms = termsOf(evidence.logs);
  const changes = terms.filter(({ who }, index) => index > 0 && terms[index - 1]?.who !== who).length;
  const needed = Math.ceil(CHANGES_A_MINUTE * evidence.minutes);
  return {
    outcome: problems.length > 0 ? 'wrong' : changes < needed ? 'void' : 'well',
    problems,
    overlaps: found.filter(({ rule }) => rule === 'two leaders').length,
    terms,
    changes,
    needed,
    longest: longestOf(gapsOf(terms, evidence.faults)),
  };
}

/** Uncaught errors in a candidate's process. */
const strayOf = ({ who, lines }: Log): string[] =>
  lines.flatMap((line) => (line.kind === 'note' && line.note === 'stray' ? [`stray: ${who}: ${line.text}`] : []));

function lateness({ took, allowed }: Recovery, index: number): string[] {
  if (took <= allowed) return [];
  const much = Number.isFinite(took) ? `only after ${took.toFixed(0)}` : 'not seen';
  return [`too late: one leader, and all others following, after round ${index + 1}: ${much}, ${allowed} ms allowed`];
}

/** Every term there was, by its beginning. */
export const termsOf = (logs: readonly Log[]): Span[] =>
  logs
    .flatMap((log) => spansOf(log))
    .filter(({ first, last }) => first <= last)
    .sort((a, b) => a.first - b.first);

/** Each time between two terms without a leader. */
export function gapsOf(terms: readonly Span[], faults: readonly InjectedFault[]): Gap[] {
  let led: number | undefined;
  return terms.flatMap(({ first, last }) => {
    const from = led ?? first;
    led = Math.max(led ?? last, last);
    const during = faults.filter((fault) => fault.from < first && fault.to > from - BEFORE && !fault.skipped);
    return from < first ? [{ from, to: first, during }] : [];
  });
}

const longestOf = (gaps: readonly Gap[]): Gap | undefined =>
  gaps.reduce<Gap | undefined>(
    (most, gap) => (most && most.to - most.from >= gap.to - gap.from ? most : gap),
    undefined,
  );
