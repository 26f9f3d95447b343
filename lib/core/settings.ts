import type { ColdStart } from '../port/lease-store.js';

/** The validated options of an election, with all defaults. Times in ms. */
export interface Settings {
  readonly key: string;
  readonly ttl: number;
  readonly wait: number;
  readonly jitter: number;
  readonly renewEvery: number;
  readonly timeout: number;
  readonly drain: number;
  readonly name: string;
  readonly data?: string;
  readonly coldStart: ColdStart;
}

/**
 * ρ: how far the rate of a clock may be off. 1 % is a hundred times the error of a quartz clock or
 * of NTP slewing.
 */
const DRIFT = 0.01;
/**
 * The part of a duration by which the store's clock may lag behind ours: it may run slow while ours
 * runs fast.
 */
export const LAG = 1 - (1 - DRIFT) / (1 + DRIFT);
/** ε in ms: both the store and timers count in whole milliseconds. */
const RESOLUTION = 2;
/** The part of the ttl reserved for stopping leader-only work before another candidate can lead. */
const GUARD = 0.05;

/** The longest delay of a Node timer, in ms. `setTimeout` fires at once for a longer one. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** ms at the end of every lease reserved for stopping work. */
export const guard = (ttl: number): number => ttl * GUARD;

/**
 * ms of certain leadership in a lease of `ttl`, counted from before its request was written.
 *
 * The store starts counting later. Its clock may run fast while ours runs slow, which gives the
 * factor (1 − ρ) / (1 + ρ).
 */
export const lifetime = (ttl: number): number => (ttl * (1 - DRIFT)) / (1 + DRIFT) - RESOLUTION - guard(ttl);

/**
 * ms by which a renewal may be early, so that elections can share timers. A retry still waits for
 * half of its `backoff`.
 */
export const earliness = ({ renewEvery, timeout }: Pick<Settings, 'renewEvery' | 'timeout'>): number =>
  Math.min(renewEvery / 32, timeout / 8);

/** ms from a failed request to its retry. Also the grace period of a named successor. */
export const backoff = (timeout: number): number => timeout / 4;
