import { type Claim, claimsOf } from './claims.js';
import { type HandOver, handOversOf, type Incident, ledUntil, outcomesOf } from './hand-overs.js';
import type { Entry } from './report.js';

/** What a row shows: a role, or that its process is `stopped`, or that nobody in it stands (`gone`). */
export type Look = 'leader' | 'follower' | 'error' | 'stopped' | 'gone';

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly look: Look;
  /** Of a leader. */
  readonly token?: number;
}

/** A time in which nobody led. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** What it was a part of, once that is over: not before the first term, nor while nobody leads yet. */
  readonly after?: HandOver;
}

/** The run as it is drawn, whatever it is drawn with. */
export interface Picture {
  readonly now: number;
  readonly rows: ReadonlyArray<{ readonly name: string; readonly spans: readonly Span[] }>;
  readonly incidents: readonly Incident[];
  readonly handOvers: readonly HandOver[];
  readonly gaps: readonly Gap[];
  /** Incidents that cost nobody the leadership. */
  readonly kept: readonly Incident[];
  readonly claims: readonly Claim[];
}

/** `ttl` is the candidates', in ms: a leadership has outlived a server once it has lasted that long after it. */
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

/** What a row has shown from 0 to `now`, without holes. */
export function spansOf(name: string, entries: readonly Entry[], now: number): Span[] {
  const own = entries.filter((entry) => 'by' in entry && entry.row === name).sort((a, b) => a.at - b.at);
  const dead = new Set<string | undefined>();
  const spans: Span[] = [];
  let view: View = { look: 'gone' };
  let since = 0;
  const close = (to: number) => {
    if (to > since) spans.push({ from: since, to, look: view.look, ...(view.token && { token: view.token }) });
    since = Math.max(since, to);
  };
  for (const entry of own) {
    if (!('by' in entry) || dead.has(entry.by)) continue; // said while it was being killed
    if (entry.kind === 'process' && entry.state === 'dead') dead.add(entry.by);
    const next = after(view, entry);
    if (next.look !== view.look || next.token !== view.token) close(entry.at);
    view = next;
  }
  close(now);
  return spans;
}

interface View {
  readonly look: Look;
  readonly token?: number;
  /** Told to run again, but not heard of since. */
  readonly waking?: boolean;
}

function after(view: View, entry: Entry): View {
  if (entry.kind === 'process') {
    if (entry.state === 'continued') return { ...view, waking: true };
    return { look: entry.state === 'stopped' ? 'stopped' : 'gone' };
  }
  if (view.look === 'stopped' && !view.waking) return view; // said before it was stopped, heard of afterwards
  switch (entry.kind) {
    case 'role':
      return entry.role === 'leader' ? { look: 'leader', token: entry.token } : { look: entry.role };
    case 'yes':
      return { look: 'leader', token: entry.token };
    case 'no':
      return { look: 'follower' };
    case 'closed':
      return { look: 'gone' };
    default:
      return view;
  }
}

function gapsOf(entries: readonly Entry[], now: number): Gap[] {
  const claims = claimsOf(entries);
  const gaps: Gap[] = [{ from: 0, to: claims[0]?.from ?? now }];
  for (const after of handOversOf(entries)) gaps.push({ from: after.ledUntil, to: after.to.from, after });
  const last = claims.at(-1);
  const ended = entries.some(({ kind }) => kind === 'leave');
  if (last && !ended) gaps.push({ from: ledUntil(last, entries), to: now });
  return gaps.filter(({ from, to }) => to > from);
}
