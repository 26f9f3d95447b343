import type { Clock } from '../clock/clock.js';
import type { TermFacts } from '../core/state.js';
import { type ElectionError, invalidOption, termEnded } from '../port/errors.js';
import { contextController } from './context-signal.js';
import { OwnContext } from './own-context.js';
import type { Term } from './transition.js';

/**
 * The term object that users hold.
 *
 * {@link end} announces its end, but it also ends by the clock without being announced.
 */
export class LiveTerm implements Term {
  readonly token: number;
  readonly id: string;
  /** Own time until which the lease is certain. Private, because users print and store terms. */
  #deadline: number;
  readonly #clock: Clock;
  /** Created on first use, because most terms never need a signal. */
  #controller: AbortController | undefined;
  /**
   * The async context that first used the signal. Derived signals (`AbortSignal.any`) call their
   * listeners in it.
   */
  #context: OwnContext | undefined;
  #isGivenUp = false;
  /** Why the term ended. The error is created on first use. */
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

  /** Whether this candidate leads now: the term neither ended nor passed its deadline. */
  get alive(): boolean {
    return this.#reason === undefined && this.remaining() > 0;
  }

  /** Whether the lease has expired by the clock, however the term ended. */
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
    // A function would count as finished work, and nothing would be awaited.
    if (typeof work === 'function') throw invalidOption('work', 'must be a promise: call the function', work);
    const settle = () => {
      this.#pending -= 1;
      if (this.#pending === 0) this.#idle();
    };
    this.#pending += 1;
    Promise.resolve(work).then(settle, settle);
  }

  /** Moves the deadline after a renewal. */
  extend(deadline: number): void {
    this.#deadline = deadline;
  }

  /** Makes `remaining()` return 0: the lease was released, or the store reported it as lost. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /**
   * Ends the term for its user: first `alive`, then the signal. The lease may continue through a
   * drain.
   */
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

  /** Calls `listener` once when no work is pending; at once if none is. */
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

/** Whether `term` is current, whichever implementation it has. */
export const isAlive = (term: Term): boolean => !term.signal.aborted && term.remaining() > 0;
