import { laneOf, type Sign, type Span } from '../scripts/drawing/lane.js';
import { type Claim, claimsOf } from './claims.js';
import { type HandOver, handOversOf, type Incident, ledUntil, outcomesOf } from './hand-overs.js';
import type { Entry, Who } from './report.js';

/** A time in which nobody led. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /**
   * The hand-over that it was part of, once that is over. Absent before the first term, and while
   * nobody leads.
   */
  readonly after?: HandOver;
}

/** The run as it is drawn, in any format. */
export interface Picture {
  readonly now: number;
  readonly rows: ReadonlyArray<{ readonly name: string; readonly spans: readonly Span[] }>;
  readonly incidents: readonly Incident[];
  readonly handOvers: readonly HandOver[];
  readonly gaps: readonly Gap[];
  /** Incidents that cost no leadership. */
  readonly kept: readonly Incident[];
  readonly claims: readonly Claim[];
}

/**
 * `ttl` is the candidates', in ms. A leadership has survived a server once it has lasted that long
 * after it.
 */
export function pictureOf(names: readonly string[], entries: readonly Entry[], now: number, ttl: number): Picture {
  const shown = entries.filter(({ at }) => at <= now);
  return {
    now,
    rows: names.map((name) => ({ name, spans: spansOf(name, shown, now) })),
    incidents: shown.filter((entry): entry is Incident => entry.kind === 'incident'),
    handOvers: handOversOf(shown),
    gaps: gapsOf(shown, now),
    kept: outcomesOf(shown, ttl).flatMap(({ kind, incident }) => (kind === 'kept' ? [incident] : [])),
    claims: claimsOf(shown),
  };
}

/** What a row has shown from 0 to `now`, without gaps. */
export const spansOf = (name: string, entries: readonly Entry[], now: number): Span[] =>
  laneOf(
    entries.filter((entry): entry is Extract<Entry, Who> & Sign => SIGNS.has(entry.kind) && rowOf(entry) === name),
    now,
  );

const SIGNS = new Set<Entry['kind']>(['role', 'yes', 'no', 'closed', 'process']);

const rowOf = (entry: Entry): string | undefined => ('row' in entry ? entry.row : undefined);

function gapsOf(entries: readonly Entry[], now: number): Gap[] {
  const claims = claimsOf(entries);
  const gaps: Gap[] = [{ from: 0, to: claims[0]?.from ?? now }];
  for (const after of handOversOf(entries)) gaps.push({ from: after.ledUntil, to: after.to.from, after });
  const last = claims.at(-1);
  const ended = entries.some(({ kind }) => kind === 'leave');
  if (last && !ended) gaps.push({ from: ledUntil(last, entries), to: now });
  return gaps.filter(({ from, to }) => to > from);
}
