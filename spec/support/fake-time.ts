import { afterEach, beforeEach, jest } from '@jest/globals';
import { elect } from '../../lib/election/elect.js';
import type { Election } from '../../lib/election/election.js';
import type { Transition } from '../../lib/stream/transition.js';
import { type Script, ScriptedStore } from './scripted-store.js';
import { letter, type Options, TIMES } from './virtual-time.js';

/**
 * For specs with promises in them, which do not settle in a `TestScheduler` run: timers are faked, promises real, and
 * `Date.now()`, 0 at the start of each spec, tells the time. To be called once in a file.
 */
export function useFakeTime(): void {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
}

/** Tells fake time whenever it is asked. `Date` by itself is the real one where it is named before the spec begins. */
export const clock = { now: () => Date.now() };

/** Lets `ms` pass, with all that happens in them; 0 for what needs no time. */
export const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

/** A candidate under a store that answers as `script` says, on the scheduler that users have. */
export function candidate(
  script?: Script,
  options?: Options,
): { readonly store: ScriptedStore; readonly election: Election } {
  const store = new ScriptedStore(script);
  return { store, election: elect({ store, key: 'k', name: 'me', ...TIMES, clock, ...options }) };
}

/** Work that goes on until it is told to end. */
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

/** Writes down whether and when `promise` settles: `undefined` while it has not. */
export function watch<T>(promise: Promise<T>): { readonly at?: number; readonly value?: T; readonly error?: unknown } {
  const seen: { at?: number; value?: T; error?: unknown } = {};
  promise.then(
    (value) => Object.assign(seen, { at: Date.now(), value }),
    (error: unknown) => Object.assign(seen, { at: Date.now(), error }),
  );
  return seen;
}

/** The letters of what `election` tells, with `|` for completion. */
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
