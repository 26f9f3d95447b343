import { setMaxListeners } from 'node:events';
import type { TermFacts } from '../core/state.js';
import { type ElectionError, invalidOption, termEnded } from '../errors.js';
import type { Clock } from './clock.js';
import type { Term } from './transition.js';

/** A term as its user holds it: its end is announced by {@link end}, and follows the clock even unannounced. */
export class LiveTerm implements Term {
  readonly token: number;
  readonly id: string;
  /** Own time until which the lease is certain. Private: users print and store what they are told. */
  #deadline: number;
  readonly #clock: Clock;
  /** Made for the first who asks for its signal: most terms of many have none. */
  #controller: AbortController | undefined;
  /** Why it has ended; the error of that is made for the first who asks, too. */
  #reason: string | undefined;
  #error: ElectionError | undefined;
  #pending = 0;
  #onIdle: (() => void) | undefined;

  constructor({ token, id, deadline }: TermFacts, clock: Clock) {
    this.token = token;
    this.id = id;
    this.#deadline = deadline;
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      setMaxListeners(0, this.#controller.signal); // as many as the user's work has parts: Node takes more than ten for a leak
    }
    if (this.#reason !== undefined) this.#controller.abort(this.#ended());
    return this.#controller.signal;
  }

  /** Whether this is leadership now: neither ended nor past its deadline. */
  get alive(): boolean {
    return this.#reason === undefined && this.remaining() > 0;
  }

  remaining(): number {
    return Math.max(0, this.#deadline - this.#clock.now());
  }

  assert(): void {
    if (this.#reason !== undefined) throw this.#ended();
    if (!this.alive) throw termEnded(`The term ${this.token} is over: its lease ran out`);
  }

  waitUntil(work: PromiseLike<unknown>): void {
    // Taken for done, it would be waited for not at all.
    if (typeof work === 'function') throw invalidOption('work', 'must be a promise: call the function', work);
    const settle = () => {
      this.#pending -= 1;
      if (this.#pending === 0) this.#idle();
    };
    this.#pending += 1;
    Promise.resolve(work).then(settle, settle);
  }

  /** Moves the deadline: by a renewal; to −Infinity once the lease has been given up. */
  extend(deadline: number): void {
    this.#deadline = deadline;
  }

  /** Ends the term for its user: first `alive`, then the signal. The lease may go on through a drain. */
  end(reason: string): void {
    this.#reason = reason;
    this.#controller?.abort(this.#ended());
  }

  #ended(): ElectionError {
    this.#error ??= termEnded(`The term ${this.token} is over: ${this.#reason}`);
    return this.#error;
  }

  /** Calls `listener` once, as soon as no work is awaited any more; at once if none is. */
  whenIdle(listener: () => void): void {
    this.#onIdle = listener;
    if (this.#pending === 0) this.#idle();
  }

  #idle(): void {
    const listener = this.#onIdle;
    this.#onIdle = undefined;
    listener?.();
  }
}

/** Whether `term` is leadership now, whoever made it. */
export const isAlive = (term: Term): boolean => !term.signal.aborted && term.remaining() > 0;
