import { type SchedulerLike, Subscription } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import { LONGEST_TIMER } from '../core/settings.js';
import { report } from './safely.js';
import { Shared } from './shared.js';
import type { SuspendDetector } from './suspend-detector.js';

/** The receiver of a timer. */
export interface TimerTarget {
  /**
   * `now` is the time by the clock: the time that was set or later, or a little earlier if the
   * timer may be early.
   */
  fire(now: number): void;
}

/** A target in a bucket of one wheel. */
export interface Entry extends TimerTarget {
  /** Set by the wheel. Undefined once fired or removed. */
  bucket: Bucket | undefined;
}

/**
 * Timers that fire together, at the time of the earliest.
 *
 * A plain array, because thousands of entries come and go. Removed entries stay in it and are
 * skipped.
 */
export class Bucket {
  at = Number.POSITIVE_INFINITY;
  timer = Subscription.EMPTY;
  readonly #onEmpty: () => void;
  readonly #entries: Entry[] = [];
  #next = 0;
  #left = 0;

  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  add(entry: Entry): void {
    entry.bucket = this;
    this.#entries.push(entry);
    this.#left += 1;
  }

  /** Cancels the timer of `entry`, which has not fired. */
  remove(entry: Entry): void {
    entry.bucket = undefined;
    this.#left -= 1;
    if (this.#left > 0) return;
    this.timer.unsubscribe();
    this.#onEmpty();
  }

  /** Fires up to `limit` more entries. Returns whether any are left. */
  fire(limit: number, fire: (entry: Entry) => void): boolean {
    const end = Math.min(this.#next + limit, this.#entries.length);
    while (this.#next < end) {
      const entry = this.#entries[this.#next++];
      if (entry?.bucket !== this) continue;
      entry.bucket = undefined;
      this.#left -= 1;
      fire(entry);
    }
    return this.#left > 0;
  }
}

const timerWheels = new Shared<TimerWheel>();
const timeoutWheels = new Shared<TimerWheel>();

/**
 * The wheel for all elections of one `store` whose timers may be early by `tolerance` ms.
 *
 * Its elections share a `detector`, so that all of them learn of a suspension together. Otherwise
 * one could join a bucket whose timer is late by the time of the suspension.
 */
export const timerWheelOf = (store: object, detector: SuspendDetector, tolerance: number): TimerWheel =>
  timerWheels.get([store, detector], tolerance, () => new TimerWheel(detector, tolerance));

/** Requests sent within this many ms share a timeout. Timers are no more precise than that. */
const REQUEST_WINDOW = 1;

/**
 * The wheel for all requests to one `store` with this `timeout`. Only requests sent at the same
 * time share a timer.
 */
export const timeoutWheelOf = (store: object, detector: SuspendDetector, timeout: number): TimerWheel =>
  timeoutWheels.get([store, detector], timeout, () => new TimerWheel(detector, REQUEST_WINDOW));

/** Entries fired at a time. The event loop can do other work before the next batch. */
const BATCH_SIZE = 256;

/**
 * A set of timers that may fire a little early, so that timers due at about the same time fire
 * together.
 *
 * Thousands of elections then need few timers, and their requests can share round trips. A timer
 * that shares with no other fires on time.
 */
export class TimerWheel {
  /** ms by which a timer may be early. */
  readonly tolerance: number;
  readonly #clock: Clock;
  readonly #scheduler: SchedulerLike;
  readonly #buckets = new Map<number, Bucket>();

  constructor({ clock, scheduler }: SuspendDetector, tolerance: number) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.tolerance = tolerance;
  }

  /**
   * Fires `entry` once, at `at` by the clock or up to `tolerance` ms earlier, unless it is removed
   * from its bucket.
   */
  schedule(at: number, entry: Entry): void {
    const index = Math.floor(at / this.tolerance);
    const bucket = this.#buckets.get(index) ?? this.#createBucket(index);
    bucket.add(entry);
    if (at >= bucket.at) return;
    bucket.at = at;
    bucket.timer.unsubscribe();
    bucket.timer = this.#schedule(at, () => this.#fireBucket(index, bucket));
  }

  /** Fires `target` once at `at`, by a timer of its own. */
  scheduleAlone(at: number, target: TimerTarget): Subscription {
    return this.#schedule(at, () => this.#fire(at, target));
  }

  #fireBucket(index: number, bucket: Bucket): void {
    this.#deleteBucket(index, bucket); // new entries go to another bucket
    const hasMore = bucket.fire(BATCH_SIZE, (entry) => this.#fire(bucket.at, entry));
    if (hasMore) bucket.timer = this.#scheduler.schedule(() => this.#fireBucket(index, bucket));
  }

  /**
   * Reads the clock again: listeners of a signal may have run for long since the event was stamped.
   */
  #schedule(at: number, work: () => void): Subscription {
    return this.#scheduler.schedule(work, Math.min(Math.max(0, at - this.#clock.now()), LONGEST_TIMER));
  }

  /** Passes at least `at`: Node's timers may fire up to a millisecond early by the clock. */
  #fire(at: number, target: TimerTarget): void {
    try {
      target.fire(Math.max(at, this.#clock.now()));
    } catch (error) {
      report(error); // otherwise the remaining entries would not fire
    }
  }

  #createBucket(index: number): Bucket {
    const bucket: Bucket = new Bucket(() => this.#deleteBucket(index, bucket));
    this.#buckets.set(index, bucket);
    return bucket;
  }

  #deleteBucket(index: number, bucket: Bucket): void {
    if (this.#buckets.get(index) === bucket) this.#buckets.delete(index);
  }
}
