import { milliseconds, seconds } from '../scripts/support/figures.js';
import { claimsOf, fallenTokens, type Overlap, overlapsOf } from './claims.js';
import { handOversOf, type Outcome, outcomesOf } from './hand-overs.js';
import type { Cause, Entry } from './report.js';
import { explain, LABELS, WHY } from './texts.js';

/** What a run was meant to show. */
export interface Plan {
  readonly ttl: number;
  readonly causes: readonly Cause[];
}

/** What the log proves, and whether it is as it should be. */
export interface Verdict {
  readonly ok: boolean;
  readonly overlaps: number;
  readonly lines: readonly string[];
}

/** Judges a whole run by its log only, not by the state of candidates or parent. */
export function summarize(entries: readonly Entry[], { ttl, causes }: Plan): Verdict {
  const claims = claimsOf(entries);
  const overlaps = overlapsOf(claims);
  const fallen = fallenTokens(claims);
  const outcomes = outcomesOf(entries, ttl);
  const notRun = causes.slice(outcomes.length);
  const missing = outcomes.filter(({ kind }) => kind === 'missing');
  const end = Math.max(0, ...entries.map(({ at }) => at));
  const finished = entries.some(({ kind }) => kind === 'end');
  const ok = finished && overlaps.length + fallen.length + notRun.length + missing.length === 0;
  return {
    ok,
    overlaps: overlaps.length,
    lines: [
      ...table([HEAD, ...outcomes.map(row), ...unprovoked(entries)]),
      ...notRun.map((cause) => ` ${LABELS[cause]}: NOT RUN`),
      ...(finished ? [] : [' THE END NEVER CAME: not everybody was well again in time']),
      '',
      ` overlaps seen: ${overlaps.length} in ${claims.length} terms of ${new Set(claims.map(({ by }) => by)).size} processes`,
      ...overlaps.map(tellOverlap),
      ` tokens: ${fallen.length === 0 ? 'each above all before' : `${fallen.length} NOT ABOVE those before`}`,
      ` ${ok ? 'all as it should be' : 'NOT AS IT SHOULD BE'}, in ${seconds(end)}`,
    ],
  };
}

const HEAD = ['what happened', 'who → whom', 'nobody led', 'why so long'];

function row(outcome: Outcome): string[] {
  const label = LABELS[outcome.incident.cause];
  const why = explain(outcome);
  switch (outcome.kind) {
    case 'handed-over': {
      const { from, to, nobody } = outcome.handOver;
      return [label, `${from.row} → ${to.row}`, milliseconds(nobody), why];
    }
    case 'kept':
      return [label, `${outcome.leader.row} kept it`, milliseconds(0), why];
    case 'missing':
      return [label, `${outcome.incident.row ?? ''} → ?`, '', why];
  }
}

const unprovoked = (entries: readonly Entry[]): string[][] =>
  handOversOf(entries)
    .filter(({ cause }) => cause === 'unprovoked')
    .map(({ from, to, nobody }) => [
      LABELS.unprovoked,
      `${from.row} → ${to.row}`,
      milliseconds(nobody),
      WHY.unprovoked,
    ]);

const tellOverlap = ({ a, b, from, to }: Overlap): string =>
  `   ${a.by} (token ${a.token}) and ${b.by} (token ${b.token}) both led for ${(to - from).toFixed(3)} ms at ${seconds(from)}`;

/** Columns as wide as their widest cell, with numbers at the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0));
  return rows.map((cells) => {
    const padded = cells.map((cell, column) =>
      column === 2 ? cell.padStart(width(column)) : cell.padEnd(width(column)),
    );
    return ` ${padded.join('   ')}`.trimEnd();
  });
}
