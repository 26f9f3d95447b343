/** What a candidate says, as a line of its log. Times are ms of the monotonic clock that all processes of a machine share. */
export type Line =
  /** It told its user of a change of role. */
  | {
      readonly kind: 'role';
      readonly at: number;
      readonly role: 'leader' | 'follower' | 'error';
      readonly token?: number;
      readonly reason?: string;
      readonly code?: string;
      readonly message?: string;
    }
  /** At some instant from `from` to `to` it took itself for the leader, or did leader-only work. */
  | {
      readonly kind: 'claim';
      readonly from: number;
      readonly to: number;
      readonly token?: number;
      readonly by: 'isLeading' | 'work';
    }
  /** At some instant from `from` to `to` it did not. */
  | { readonly kind: 'idle'; readonly from: number; readonly to: number }
  /** Its candidacy is over; the next one begins without a role. */
  | { readonly kind: 'left'; readonly at: number }
  /** Anything else it has to say: no concern of the checker's. */
  | { readonly kind: 'note'; readonly at: number; readonly note: string; readonly text?: string };

/** One candidate's log, in the order it was written. */
export interface Log {
  readonly who: string;
  readonly lines: readonly Line[];
  /** When it was not running, longer than its lease lasted; `to` is Infinity where it never woke. */
  readonly stops?: ReadonlyArray<{ readonly from: number; readonly to: number }>;
}

/** One way in which the logs contradict the promise of one leader. */
export interface Violation {
  readonly rule:
    | 'two leaders'
    | 'older token after newer'
    | 'same token twice'
    | 'order of roles'
    | 'first word on waking';
  readonly text: string;
}

/** All that is wrong with these logs; empty when they show at most one leader at every instant, in the order of tokens. */
export function violations(logs: readonly Log[]): Violation[] {
  const spans = logs.flatMap(spansOf);
  return [...compare(spans), ...logs.flatMap(orderOfRoles), ...logs.flatMap(firstWords)];
}

/**
 * One term as one candidate claimed it. It was claiming at `first` at the latest, and still at `last` at the earliest; in
 * between without a break, as a term that is over never comes back. What lies outside is not held against it: a process may
 * be stopped between the look at the clock and the line in the log.
 */
interface Span {
  readonly who: string;
  readonly token: number | undefined;
  readonly first: number;
  readonly last: number;
}

export function spansOf({ who, lines }: Log): Span[] {
  const spans = new Map<number | undefined, Span>();
  for (const line of lines) {
    if (line.kind !== 'claim') continue;
    const { token, from, to } = line;
    const known = spans.get(token) ?? { who, token, first: to, last: from };
    spans.set(token, { ...known, first: Math.min(known.first, to), last: Math.max(known.last, from) });
  }
  return [...spans.values()];
}

function compare(spans: readonly Span[]): Violation[] {
  const found: Violation[] = [];
  for (const [i, a] of spans.entries()) {
    for (const b of spans.slice(i + 1)) {
      if (a.who === b.who && (a.token === undefined || b.token === undefined)) continue;
      const [older, newer] = (a.token ?? 0) <= (b.token ?? 0) ? [a, b] : [b, a];
      const text = `${show(older)} and ${show(newer)}`;
      if (a.first <= b.last && b.first <= a.last && a.first <= a.last && b.first <= b.last) {
        found.push({ rule: 'two leaders', text: `for ${overlap(a, b).toFixed(1)} ms: ${text}` });
      }
      if (a.token === undefined || b.token === undefined) continue;
      if (a.token === b.token) found.push({ rule: 'same token twice', text });
      else if (older.last >= newer.first) {
        const late = (older.last - newer.first).toFixed(1);
        found.push({ rule: 'older token after newer', text: `by ${late} ms: ${text}` });
      }
    }
  }
  return found;
}

const overlap = (a: Span, b: Span): number => Math.min(a.last, b.last) - Math.max(a.first, b.first);

const show = ({ who, token, first, last }: Span): string =>
  `${who} (token ${token ?? 'none'}, ${first.toFixed(1)} … ${last.toFixed(1)})`;

function orderOfRoles({ who, lines }: Log): Violation[] {
  const found: Violation[] = [];
  let before: string | undefined;
  for (const line of lines) {
    if (line.kind === 'left') before = undefined;
    if (line.kind !== 'role') continue;
    const { role, at } = line;
    const wrong = before === role || (before === 'leader' && role !== 'follower');
    if (wrong) found.push({ rule: 'order of roles', text: `${who}: ${role} after ${before} at ${at.toFixed(1)}` });
    before = role;
  }
  return found;
}

/** Who led when it was stopped, beyond its lease, must say `follower` before it says or claims anything else. */
function firstWords({ who, lines, stops = [] }: Log): Violation[] {
  return stops.flatMap(({ from, to }) => {
    const before = lines.filter((line) => line.kind === 'role' && line.at < from).at(-1);
    if (before?.kind !== 'role' || before.role !== 'leader') return [];
    // What was on its way into the log when the process was stopped still belongs to the time before.
    const first = lines.find(
      (line) => (line.kind === 'role' && line.at >= to) || (line.kind === 'claim' && line.from >= to),
    );
    if (!first || (first.kind === 'role' && first.role === 'follower')) return [];
    const said = first.kind === 'role' ? first.role : `a claim by ${(first as { by: string }).by}`;
    return [
      { rule: 'first word on waking' as const, text: `${who}, stopped ${from.toFixed(1)} … ${to.toFixed(1)}: ${said}` },
    ];
  });
}
