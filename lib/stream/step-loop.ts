import { inPlaceOf } from '../core/in-place.js';
import { type Memory, NOTHING_KNOWN } from '../core/memory.js';
import type { Context, Decision, Event, State } from '../core/state.js';
import { initialState, step } from '../core/step.js';
import type { Environment } from './environment.js';

/** What follows from a step. */
export interface StepEffects {
  /** Applies a step at once. Nothing in here may call subscribers or the store. */
  onStep(event: Event, before: State['phase'], decisions: readonly Decision[], now: number): void;
  /** Whether {@link publish} is running, further up the call stack. */
  readonly isPublishing: boolean;
  /** Calls the subscribers with everything decided so far. */
  publish(): void;
  /** Makes the request that the state asks for. */
  sendRequest(): void;
}

/**
 * The state of one candidacy, and the loop that handles its events one at a time.
 *
 * The order is: step, publish, send, until there is nothing left to do. Subscribers are called
 * before the next request is made, so work that a transition stops has stopped before its lease is
 * released.
 */
export class StepLoop {
  state: State;

  readonly #environment: Environment;
  readonly #effects: StepEffects;
  /** Events that arrived while a step or a request was being made. */
  readonly #inbox: Array<{ readonly event: Event; readonly now: number }> = [];
  #isBusy = false;

  constructor(environment: Environment, effects: StepEffects) {
    this.#environment = environment;
    this.#effects = effects;
    this.state = this.#initialState(NOTHING_KNOWN);
  }

  /** Starts anew with what earlier candidacies have learnt. */
  restart(memory: Memory): void {
    this.state = this.#initialState(memory);
  }

  /** Handles `event` now, or after the event that is being handled. */
  dispatch(event: Event, now = this.#environment.clock.now()): void {
    if (this.#isBusy) {
      this.#inbox.push({ event, now });
      return;
    }
    this.#isBusy = true;
    this.#step(event, now);
    this.#isBusy = false;
    this.proceed();
  }

  /** Steps, publishes and sends until there is nothing left to do. */
  proceed(): void {
    if (this.#isBusy) return;
    do {
      this.#isBusy = true;
      for (let item = this.#inbox.shift(); item; item = this.#inbox.shift()) this.#step(item.event, item.now);
      this.#isBusy = false;
      if (this.#effects.isPublishing) return; // the outer call publishes the rest, then sends
      this.#effects.publish();
      this.#isBusy = true;
      this.#effects.sendRequest();
      this.#isBusy = false;
    } while (this.#inbox.length > 0);
  }

  #step(event: Event, now: number): void {
    const { phase } = this.state;
    const { state, decisions } = step(this.state, event, this.#context(now));
    this.state = inPlaceOf(this.state, state);
    this.#effects.onStep(event, phase, decisions, now);
  }

  #initialState(memory: Memory): State {
    return initialState(memory, this.#context(this.#environment.clock.now()));
  }

  #context(now: number): Context {
    const { settings, random, nextId } = this.#environment;
    return { settings, now, random, nextId };
  }
}
