import { afterEach, beforeEach, jest } from '@jest/globals';
import { elect } from '../../lib/election/elect.js';
import type { Election } from '../../lib/election/election.js';
import type { Transition } from '../../lib/stream/transition.js';
import { type Script, ScriptedStore } from './scripted-store.js';
import { letter, type Options, TIMES } from './virtual-time.js';

/**
 * Fakes the timers for specs with promises, which do not settle in a `TestScheduler` run.
 *
 * Promises stay real. `Date.now()` is the time, 0 at the start of each spec. Call this once in a
 * file.
 */
export function useFakeTime(): void {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
}

/**
 * Reads the fake time at each call. A reference to `Date.now` from before the spec would read real
 * time.
 */
export const clock = { now: () => Date.now() };

/** Lets `ms` pass, with everything that happens in them; 0 for what needs no time. */
export const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

/** A candidate with a store that answers by `script`, on the default scheduler of users. */
export function candidate(
  script?: Script,
  options?: Options,
): { readonly store: ScriptedStore; readonly election: Election } {
  const store = new ScriptedStore(script);
  return { store, election: elect({ store, key: 'k', name: 'me', ...TIMES, clock, ...options }) };
}

/** Work that continues until it is ended. */
export interface Work {
  readonly promise: Promise<void>;
  end(): void;
  fail(error: unknown): void;
}

export function work(): Work {
  let end = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { promise, end, fail };
}

/** Records whether and when `promise` settles: `undefined` while it is pending. */
export function watch<T>(promise: Promise<T>): { readonly at?: number; readonly value?: T; readonly error?: unknown } {
  const seen: { at?: number; value?: T; error?: unknown } = {};
  promise.then(
    (value) => Object.assign(seen, { at: Date.now(), value }),
    (error: unknown) => Object.assign(seen, { at: Date.now(), error }),
  );
  return seen;
}

/** The letters of the transitions of `election`, with `|` for completion. */
export function tell(election: Election): { readonly letters: string[]; readonly told: Transition[]; leave(): void } {
  const letters: string[] = [];
  const told: Transition[] = [];
  const subscription = election.subscribe({
    next: (transition) => {
      told.push(transition);
      letters.push(letter(transition));
    },
    complete: () => letters.push('|'),
  });
  return { letters, told, leave: () => subscription.unsubscribe() };
}
