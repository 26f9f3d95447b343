import { milliseconds, seconds } from '../../scripts/support/figures.js';
import type { Arguments } from './arguments.js';
import { KINDS } from './kinds.js';
import type { Strike } from './strike.js';
import type { Evidence, Gap, Verdict } from './verdict.js';

/** What a run has shown, for people. */
export function summarize(args: Arguments, evidence: Evidence, verdict: Verdict): string[] {
  const { logs, strikes, recoveries, exits, begun } = evidence;
  const struck = strikes.filter(({ missed }) => missed === undefined);
  const missed = strikes.length - struck.length;
  const slowest = recoveries.reduce((most, each) => Math.max(most, each.took), 0);
  return [
    ...faults(struck),
    '',
    row('seed', `${args.seed}, ${args.minutes} minutes, ${args.candidates} candidates, library ${args.library.name}`),
    row('faults', `${struck.length}${missed > 0 ? `, and ${missed} for which there was nobody, or no server` : ''}`),
    row('processes', `${logs.length}`),
    row('terms', `${verdict.terms.length}, ${verdict.changes} changes of leadership (${verdict.needed} needed)`),
    row('overlaps', `${verdict.overlaps}`),
    row('no leader', longest(verdict.longest, begun)),
    row('recoveries', `${recoveries.length}, the slowest in ${milliseconds(slowest)}`),
    row('exits', `${exits.length} at the end, the slowest in ${milliseconds(Math.max(0, ...exits))}`),
    ...verdict.wrongs.map((wrong) => row('WRONG', wrong)),
    row('outcome', OUTCOMES[verdict.outcome]),
  ];
}

const OUTCOMES = {
  well: 'all as it should be',
  wrong: 'NOT AS IT SHOULD BE',
  void: 'VOID: too few changes of leadership to show anything',
} as const;

const row = (name: string, text: string): string => ` ${name.padEnd(12)}${text}`;

/** How often each kind was made to happen, below and beyond a ttl. */
function faults(strikes: readonly Strike[]): string[] {
  const count = (kind: string, ...lengths: string[]) =>
    strikes.filter((strike) => strike.kind === kind && lengths.includes(strike.length)).length;
  const lines = KINDS.map(({ name, target, lengths }) => {
    const counts = lengths.map((length) => `${String(count(name, length)).padStart(4)} ${TELL[length]}`);
    return ` ${target.padEnd(9)}${name.padEnd(31)}${counts.join('')}`.trimEnd();
  });
  return [' befell   fault                         how often', ...lines];
}

const TELL = { instant: '', below: 'below a ttl', beyond: 'beyond' } as const;

function longest(gap: Gap | undefined, begun: number): string {
  if (!gap) return 'never';
  const during = gap.during.map(({ kind, row }) => (row ? `${kind} of ${row}` : kind)).join(', ');
  return `for ${milliseconds(gap.to - gap.from)} at most, at ${seconds(gap.from - begun)}: ${during || 'no fault'}`;
}
