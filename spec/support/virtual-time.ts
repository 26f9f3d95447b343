import { expect } from '@jest/globals';
import { map } from 'rxjs';
import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import type { Clock } from '../../lib/clock/clock.js';
import { elect } from '../../lib/election/elect.js';
import type { Election } from '../../lib/election/election.js';
import type { ElectionOptions } from '../../lib/election/options.js';
import type { Transition } from '../../lib/stream/transition.js';
import { type Script, ScriptedStore } from './scripted-store.js';

/**
 * Times of the elections in marble specs, in ms. There is no jitter, so that every instant is
 * known; failures are repeated after 25.
 */
export const TIMES = { ttl: 2020, wait: 500, jitter: 0, renewEvery: 600, timeout: 100, drain: 300 } as const;

/**
 * ms of certain leadership in a lease of these times, from its request on: 2020 × 0.99 / 1.01 − 2 −
 * 101, where 101 is the guard.
 */
export const LIFETIME = 1877;

export type Options = Partial<Omit<ElectionOptions, 'redis' | 'store'>>;

/** One run of virtual time, in which a character of a marble diagram is a ms. */
export interface World extends RunHelpers {
  readonly scheduler: TestScheduler;
  /** The scheduler's time plus the time added by {@link stall}. */
  readonly clock: Clock;
  /**
   * Lets time pass without running timers, as a blocked event loop does. Only {@link clock} shows
   * it.
   */
  stall(ms: number): void;
  /** A candidate with a store that answers by `script`. */
  candidate(script?: Script, options?: Options): { readonly store: ScriptedStore; readonly election: Election };
  /** Runs `action` at that frame, before the election's own actions in it. */
  at(frame: number, action: () => void): void;
  /** Compares what a subscriber of `election` receives, in the letters of {@link letter}. */
  expectTold(election: Election, subscription?: string): { toBe(marbles: string): void };
  /** Compares the requests to `store`: `a`cquire, re`n`ew, `r`elease, rea`d`. */
  expectAsked(store: ScriptedStore): { toBe(marbles: string): void };
}

/** Runs `body` in virtual time, to the last timer, and returns its result. */
export function virtually<T>(body: (world: World) => T): T {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  let stalled = 0;
  const clock = { now: () => scheduler.now() + stalled, wall: () => scheduler.now() + stalled };
  return scheduler.run((helpers) => {
    // An election that never ends renews forever, so the run would not end either.
    scheduler.schedule(() => {
      if (scheduler.actions.length > 0) throw new Error('the run does not end: something is still subscribed');
    }, ENDLESS);
    return body({
      ...helpers,
      scheduler,
      clock,
      stall(ms) {
        stalled += ms;
      },
      candidate(script, options) {
        const store = new ScriptedStore(script);
        return { store, election: elect({ store, key: 'k', name: 'me', ...TIMES, scheduler, ...options }) };
      },
      at: (frame, action) => void scheduler.schedule(action, frame),
      expectTold: (election, subscription) => helpers.expectObservable(election.pipe(map(letter)), subscription),
      expectAsked: (store) => helpers.expectObservable(store.asked.pipe(map(({ verb }) => REQUESTS[verb]))),
    });
  });
}

/** ms of virtual time after which a run counts as endless. */
const ENDLESS = 1_000_000;

/**
 * The letter of a transition in marble diagrams: one for `leader`, for each reason of `follower`,
 * and for `error`.
 */
export const letter = (transition: Transition): string =>
  LETTERS[transition.role === 'follower' ? transition.reason : transition.role];

const LETTERS = {
  leader: 'L',
  error: 'F', // for failure
  standby: 'S',
  lost: 'X',
  expired: 'E',
  stalled: 'T',
  resigned: 'R',
  closed: 'C',
} as const;

const REQUESTS = { acquire: 'a', renew: 'n', release: 'r', read: 'd' } as const;
