import type { Term } from 'rx-leader';
import type { EventQueue } from '../event-queue.js';
import type { User } from '../user.js';

/** What is known of a term. */
export interface TermFacts {
  readonly user: User;
  readonly term: Term;
  /** Leader-only work by `whileLeader` is running. */
  isWorking: boolean;
  /** Promises given to `waitUntil` that have not settled. */
  pending: number;
  /** When a voluntary exit began in good time, by the clock of the user's machine. */
  exitAt: number | undefined;
  /** When the term was seen, or announced, to be over. */
  overAt: number | undefined;
}

/** Every term that a candidate announced, and when its store granted it. */
export class Terms {
  readonly #facts = new Map<string, TermFacts>();
  readonly #grants = new Map<string, number>();
  readonly #events: EventQueue;

  constructor(events: EventQueue) {
    this.#events = events;
  }

  get count(): number {
    return this.#facts.size;
  }

  factsOf(id: string): TermFacts | undefined {
    return this.#facts.get(id);
  }

  begin(user: User, term: Term): void {
    if (this.#facts.has(term.id)) return;
    this.#facts.set(term.id, {
      user,
      term,
      isWorking: false,
      pending: 0,
      exitAt: undefined,
      overAt: undefined,
    });
  }

  end({ id }: Term): void {
    const facts = this.#facts.get(id);
    if (facts) facts.overAt ??= this.#events.now;
  }

  /** Whether `term` was over before this instant. */
  wasOver({ id }: Term): boolean {
    return (this.#facts.get(id)?.overAt ?? this.#events.now) < this.#events.now;
  }

  grant(id: string): void {
    this.#grants.set(id, this.#events.now);
  }

  wasGranted(id: string): boolean {
    return this.#grants.has(id);
  }

  /** When the store granted `term`. */
  grantedAt({ id }: Term): number {
    return this.#grants.get(id) ?? 0;
  }
}
