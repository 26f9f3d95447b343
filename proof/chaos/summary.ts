import { milliseconds, seconds } from '../../scripts/support/figures.js';
import type { Arguments } from './arguments.js';
import { CHAOS_FAULTS, type Length } from './chaos-faults.js';
import type { InjectedFault } from './fault-log.js';
import type { Recovery } from './recovery.js';
import type { Evidence, Gap, Verdict } from './verdict.js';

/** What a run has shown, for people. */
export function summarize(args: Arguments, evidence: Evidence, verdict: Verdict): string[] {
  const { logs, faults, recoveries, exits, begun } = evidence;
  const injected = faults.filter(({ skipped }) => skipped === undefined);
  const skipped = faults.length - injected.length;
  return [
    ...faultTable(injected),
    '',
    row('seed', `${args.seed}, ${args.minutes} minutes, ${args.candidates} candidates, library ${args.library.name}`),
    row(
      'faults',
      `${injected.length}${skipped > 0 ? `, and ${skipped} for which there was nobody, or no server` : ''}`,
    ),
    row('processes', `${logs.length}`),
    row('terms', `${verdict.terms.length}, ${verdict.changes} changes of leadership (${verdict.needed} needed)`),
    row('overlaps', `${verdict.overlaps}`),
    row('no leader', longest(verdict.longest, begun)),
    row('recoveries', slowest(recoveries)),
    row('exits', `${exits.length} at the end, the slowest in ${milliseconds(Math.max(0, ...exits))}`),
    ...verdict.problems.slice(0, SHOWN).map((wrong) => row('WRONG', wrong)),
    ...(verdict.problems.length > SHOWN ? [row('WRONG', `and ${verdict.problems.length - SHOWN} more`)] : []),
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
function faultTable(faults: readonly InjectedFault[]): string[] {
  const line = (target: string, name: string, counts: readonly string[]) =>
    ` ${target.padEnd(9)}${name.padEnd(31)}${counts.map((count) => count.padStart(8)).join('')}`;
  const lines = CHAOS_FAULTS.map(({ name, target, lengths }) => {
    const count = (length: Length) =>
      (lengths as readonly Length[]).includes(length)
        ? String(faults.filter((fault) => fault.kind === name && fault.length === length).length)
        : '';
    return line(target, name, [count('instant'), count('below'), count('beyond')]).trimEnd();
  });
  return [line('target', 'fault', ['at once', '< ttl', '> ttl']), ...lines];
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
