/**
 * What a candidate says, as a line of its log. Times are ms of one clock that all logs of a run
 * share.
 */
export type Line =
  /** It announced a role. */
  | {
      readonly kind: 'role';
      readonly at: number;
      readonly role: Role;
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
  /**
   * When it was not running, longer than its lease lasted; `to` is Infinity where it never woke.
   */
  readonly stops?: ReadonlyArray<{ readonly from: number; readonly to: number }>;
}

type Role = 'leader' | 'follower' | 'error';

/** A contradiction between the logs and the promise of one leader. */
export interface Violation {
  readonly rule:
    | 'two leaders'
    | 'older token after newer'
    | 'same token twice'
    | 'order of roles'
    | 'first word on waking';
  readonly text: string;
}

/**
 * One term as one candidate claimed it. It was claiming at `first` at the latest, and still at
 * `last` at the earliest; in between without a break, as a term that is over never comes back.
 * What lies outside is not held against it: a process may be stopped between the look at the clock
 * and the line in the log.
 */
export interface Span {
  readonly who: string;
  readonly token: number | undefined;
  readonly first: number;
  readonly last: number;
}

/** Whether two claims that contradict each other are a documented exception, within its bound. */
export type Excuse = (older: Span, newer: Span) => boolean;

interface Claimed extends Span {
  first: number;
  last: number;
}

type Conflict = 'two leaders' | 'older token after newer' | 'same token twice';

/**
 * Hears what candidates say, in the order of time, and finds what contradicts the promise of one
 * leader. Used as things happen in a simulated world, and on the logs of real processes
 * afterwards.
 */
export class Checker {
  readonly #spans = new Map<string, Claimed[]>();
  readonly #byToken = new Map<number, Claimed>();
  readonly #conflicts = new Map<string, [Conflict, Claimed, Claimed]>();
  readonly #roles = new Map<string, Role>();
  /**
   * Candidates that announced leadership and were stopped beyond their lease, with the time of
   * that stop.
   */
  readonly #waking = new Map<string, string>();
  readonly #misspoken: Violation[] = [];
  readonly #excuse: Excuse;
  /** The term of the highest token that has begun. */
  #newest: Claimed | undefined;

  constructor(excuse: Excuse = () => false) {
    this.#excuse = excuse;
  }

  /** At one known instant `who` took itself for the leader. */
  claim(who: string, token: number | undefined, at: number): void {
    this.began(who, token, at);
    this.still(who, token, at);
  }

  /** `who` took itself for the leader at `at` or before. */
  began(who: string, token: number | undefined, at: number): void {
    const span = this.#span(who, token);
    if (at >= span.first) return;
    span.first = at;
    if (token === undefined) return;
    const same = this.#byToken.get(token);
    if (same && same !== span) this.#object('same token twice', same, span);
    this.#byToken.set(token, span);
    if (!this.#newest || token > (this.#newest.token as number)) this.#newest = span;
  }

  /** `who` took itself for the leader at `at` or after. */
  still(who: string, token: number | undefined, at: number): void {
    const span = this.#span(who, token);
    if (at > span.last) span.last = at;
    const newest = this.#newest;
    if (newest && token !== undefined && token < (newest.token as number)) {
      this.#object('older token after newer', span, newest);
    }
    if (span.first > span.last) return;
    for (const [other, spans] of this.#spans) {
      if (other === who && token !== undefined) continue;
      for (let i = spans.length - 1; i >= 0 && (spans[i] as Claimed).last >= span.first; i -= 1) {
        const rival = spans[i] as Claimed;
        if (rival !== span && rival.first <= rival.last) this.#object('two leaders', rival, span);
      }
    }
  }

  /** `who` announced a role. */
  role(who: string, role: Role, at: number): void {
    this.#word(who, role === 'follower' ? undefined : role);
    const before = this.#roles.get(who);
    if (before === role || (before === 'leader' && role !== 'follower')) {
      this.#misspoken.push({ rule: 'order of roles', text: `${who}: ${role} after ${before} at ${at.toFixed(1)}` });
    }
    this.#roles.set(who, role);
  }

  /** The candidacy of `who` is over. */
  left(who: string): void {
    this.#roles.delete(who);
    this.#waking.delete(who);
  }

  /** A leader that was stopped beyond its lease must announce `follower` before anything else. */
  woke(who: string, from: number, to: number): void {
    if (this.#roles.get(who) === 'leader') this.#waking.set(who, `stopped ${from.toFixed(1)} … ${to.toFixed(1)}`);
  }

  /** `who` acted as the leader after it woke. */
  acted(who: string, how: string): void {
    this.#word(who, `a claim by ${how}`);
  }

  /** All contradictions so far. */
  get violations(): Violation[] {
    const found: Violation[] = [];
    for (const [rule, a, b] of this.#conflicts.values()) {
      const [older, newer] = (a.token ?? 0) <= (b.token ?? 0) ? [a, b] : [b, a];
      if (!this.#excuse(older, newer)) found.push({ rule, text: describe(rule, older, newer) });
    }
    return [...found, ...this.#misspoken];
  }

  /** Whether any two claims contradict each other, excused or not. */
  get isContested(): boolean {
    return this.#conflicts.size > 0;
  }

  /** How many terms were claimed. */
  get terms(): number {
    return [...this.#spans.values()].reduce((sum, spans) => sum + spans.length, 0);
  }

  get spans(): Span[] {
    return [...this.#spans.values()].flat();
  }

  #span(who: string, token: number | undefined): Claimed {
    const spans = this.#spans.get(who) ?? [];
    if (spans.length === 0) this.#spans.set(who, spans);
    for (let i = spans.length - 1; i >= 0; i -= 1) {
      const span = spans[i] as Claimed;
      if (span.token === token) return span;
    }
    const span = { who, token, first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
    spans.push(span);
    return span;
  }

  #object(rule: Conflict, a: Claimed, b: Claimed): void {
    const key = `${rule} ${[`${a.who} ${a.token}`, `${b.who} ${b.token}`].sort().join(' ')}`;
    if (!this.#conflicts.has(key)) this.#conflicts.set(key, [rule, a, b]);
  }

  #word(who: string, wrong: string | undefined): void {
    const stop = this.#waking.get(who);
    this.#waking.delete(who);
    if (stop && wrong) this.#misspoken.push({ rule: 'first word on waking', text: `${who}, ${stop}: ${wrong}` });
  }
}

function describe(rule: Conflict, older: Span, newer: Span): string {
  const text = `${show(older)} and ${show(newer)}`;
  if (rule === 'same token twice') return text;
  if (rule === 'older token after newer') return `by ${(older.last - newer.first).toFixed(1)} ms: ${text}`;
  const overlap = Math.min(older.last, newer.last) - Math.max(older.first, newer.first);
  return `for ${overlap.toFixed(1)} ms: ${text}`;
}

const show = ({ who, token, first, last }: Span): string =>
  `${who} (token ${token ?? 'none'}, ${first.toFixed(1)} … ${last.toFixed(1)})`;

/**
 * All contradictions in these logs. Empty if they show at most one leader at every instant, in the
 * order of tokens.
 */
export function violations(logs: readonly Log[], excuse?: Excuse): Violation[] {
  return heard(logs, excuse).violations;
}

/** The terms that `log` claims. */
export function spansOf(log: Log): Span[] {
  return heard([log]).spans;
}

/**
 * One event of a log. Beginnings sort first: a claim at the very instant of another is one too
 * many.
 */
interface Saying {
  readonly at: number;
  readonly order: number;
  readonly say: (checker: Checker) => void;
}

function heard(logs: readonly Log[], excuse?: Excuse): Checker {
  const checker = new Checker(excuse);
  const sayings = toldApart(logs)
    .flatMap(sayingsOf)
    .sort((a, b) => a.at - b.at || a.order - b.order);
  for (const { say } of sayings) say(checker);
  return checker;
}

/** Each log is a candidate's of its own, also where names repeat. */
function toldApart(logs: readonly Log[]): Log[] {
  return logs.map((log, index) => {
    const namesakes = logs.slice(0, index).filter(({ who }) => who === log.who).length;
    return namesakes === 0 ? log : { ...log, who: `${log.who} (${namesakes + 1})` };
  });
}

function sayingsOf({ who, lines, stops = [] }: Log): Saying[] {
  const said = lines.flatMap((line): Saying[] => {
    switch (line.kind) {
      case 'claim': {
        const { from, to, token, by } = line;
        return [
          { at: to, order: 1, say: (checker) => checker.began(who, token, to) },
          { at: from, order: 2, say: (checker) => checker.still(who, token, from) },
          { at: from, order: 3, say: (checker) => checker.acted(who, by) },
        ];
      }
      case 'role':
        return [{ at: line.at, order: 3, say: (checker) => checker.role(who, line.role, line.at) }];
      case 'left':
        return [{ at: line.at, order: 3, say: (checker) => checker.left(who) }];
      default:
        return [];
    }
  });
  // What was on its way into the log when the process was stopped still belongs to the time before.
  const woken = stops
    .filter(({ to }) => to < Number.POSITIVE_INFINITY)
    .map(({ from, to }): Saying => ({ at: to, order: 0, say: (checker) => checker.woke(who, from, to) }));
  return [...said, ...woken];
}
