import type { ColdStart } from '../port/lease-store.js';

/** The options of an election once validated, every default filled in. Times in ms. */
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

/** ρ: how far a clock's rate may be off. One percent is a hundred times what a quartz does and NTP slews. */
const DRIFT = 0.01;
/** By how much of a time the store's clock may fall behind our own in it: it may run slow while ours runs fast. */
export const LAG = 1 - (1 - DRIFT) / (1 + DRIFT);
/** ε in ms: the store counts a lease in whole milliseconds, and so do timers. */
const GRAIN = 2;
/** The part of the ttl kept for tearing leader-only work down before another candidate can lead. */
const GUARD = 0.05;

/** The longest delay a Node timer takes, in ms (`setTimeout`: a longer one fires at once). */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** ms kept at the end of every lease for tearing work down. */
export const guard = (ttl: number): number => ttl * GUARD;

/**
 * ms of certain leadership in a lease of `ttl`, counted from before its request was written. The store starts counting
 * later and its clock may run fast while ours runs slow: hence (1 − ρ) / (1 + ρ).
 */
export const lifetime = (ttl: number): number => (ttl * (1 - DRIFT)) / (1 + DRIFT) - GRAIN - guard(ttl);

/** ms by which a renewal may be early, to go with those of other elections; one that is repeated still comes after half of its `backoff`. */
export const earliness = ({ renewEvery, timeout }: Pick<Settings, 'renewEvery' | 'timeout'>): number =>
  Math.min(renewEvery / 32, timeout / 8);

/** ms between a failed request and its repetition, and for which a named successor is waited for. */
export const backoff = (timeout: number): number => timeout / 4;
