import type { Clock } from '../clock/clock.js';
import type { TermFacts } from '../core/state.js';
import { type ElectionError, invalidOption, termEnded } from '../port/errors.js';
import { contextController } from './context-signal.js';
import { OwnContext } from './own-context.js';
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
  /** In which the signal was first asked for. Signals derived from it (`AbortSignal.any`) call their listeners in this one. */
  #context: OwnContext | undefined;
  #isGivenUp = false;
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
      this.#controller = contextController();
      this.#context = new OwnContext();
      if (this.#reason !== undefined) this.#abort();
    }
    return this.#controller.signal;
  }

  /** Whether this is leadership now: neither ended nor past its deadline. */
  get alive(): boolean {
    return this.#reason === undefined && this.remaining() > 0;
  }

  /** Whether its lease has run out by the clock, however the term ended. */
  get isPastDeadline(): boolean {
    return this.#clock.now() >= this.#deadline;
  }

  remaining(): number {
    return this.#isGivenUp ? 0 : Math.max(0, this.#deadline - this.#clock.now());
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

  /** Moves the deadline, by a renewal. */
  extend(deadline: number): void {
    this.#deadline = deadline;
  }

  /** Nothing remains: the lease has been given up, or the store says that it is lost. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Ends the term for its user: first `alive`, then the signal. The lease may go on through a drain. */
  end(reason: string): void {
    this.#reason = reason;
    this.#abort();
  }

  #abort(): void {
    this.#context?.run(() => this.#controller?.abort(this.#ended()));
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
