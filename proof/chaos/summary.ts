import { milliseconds, seconds } from '../../scripts/support/figures.js';
import type { Arguments } from './arguments.js';
import { KINDS, type Length } from './kinds.js';
import type { Recovery } from './recovery.js';
import type { Strike } from './strike.js';
import type { Evidence, Gap, Verdict } from './verdict.js';

/** What a run has shown, for people. */
export function summarize(args: Arguments, evidence: Evidence, verdict: Verdict): string[] {
  const { logs, strikes, recoveries, exits, begun } = evidence;
  const struck = strikes.filter(({ missed }) => missed === undefined);
  const missed = strikes.length - struck.length;
  return [
    ...faults(struck),
    '',
    row('seed', `${args.seed}, ${args.minutes} minutes, ${args.candidates} candidates, library ${args.library.name}`),
    row('faults', `${struck.length}${missed > 0 ? `, and ${missed} for which there was nobody, or no server` : ''}`),
    row('processes', `${logs.length}`),
    row('terms', `${verdict.terms.length}, ${verdict.changes} changes of leadership (${verdict.needed} needed)`),
    row('overlaps', `${verdict.overlaps}`),
    row('no leader', longest(verdict.longest, begun)),
    row('recoveries', slowest(recoveries)),
    row('exits', `${exits.length} at the end, the slowest in ${milliseconds(Math.max(0, ...exits))}`),
    ...verdict.wrongs.slice(0, SHOWN).map((wrong) => row('WRONG', wrong)),
    ...(verdict.wrongs.length > SHOWN ? [row('WRONG', `and ${verdict.wrongs.length - SHOWN} more`)] : []),
    row('outcome', OUTCOMES[verdict.outcome]),
  ];
}

/** As many wrongs as there is a use for on a screen: the first ones mostly explain the others. */
const SHOWN = 8;

const OUTCOMES = {
  well: 'all as it should be',
  wrong: 'NOT AS IT SHOULD BE',
  void: 'VOID: too few changes of leadership to show anything',
} as const;

const row = (name: string, text: string): string => ` ${name.padEnd(12)}${text}`;

/** How often each kind was made to happen, for less and for more than a ttl. */
function faults(strikes: readonly Strike[]): string[] {
  const line = (befell: string, name: string, counts: readonly string[]) =>
    ` ${befell.padEnd(9)}${name.padEnd(31)}${counts.map((count) => count.padStart(8)).join('')}`;
  const lines = KINDS.map(({ name, target, lengths }) => {
    const count = (length: Length) =>
      (lengths as readonly Length[]).includes(length)
        ? String(strikes.filter((strike) => strike.kind === name && strike.length === length).length)
        : '';
    return line(target, name, [count('instant'), count('below'), count('beyond')]).trimEnd();
  });
  return [line('befell', 'fault', ['at once', '< ttl', '> ttl']), ...lines];
}

/** How the one went that came nearest to being too late. */
function slowest(recoveries: readonly Recovery[]): string {
  const [most] = [...recoveries].sort((a, b) => b.took / b.allowed - a.took / a.allowed);
  const figures = most ? `, the slowest in ${milliseconds(most.took)} of ${milliseconds(most.allowed)} allowed` : '';
  return `${recoveries.length}${figures}`;
}

function longest(gap: Gap | undefined, begun: number): string {
  if (!gap) return 'never';
  const during = gap.during.map(({ kind, row }) => (row ? `${kind} of ${row}` : kind)).join(', ');
  return `for ${milliseconds(gap.to - gap.from)} at most, at ${seconds(gap.from - begun)}: ${during || 'no fault'}`;
}
