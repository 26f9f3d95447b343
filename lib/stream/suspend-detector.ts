import { repeat, type SchedulerLike, Subscription, timer } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import { Shared } from './shared.js';

/** Is notified when a suspended machine has resumed. */
export interface SuspendListener {
  /** Cancels all timers. */
  cancelTimers(): void;
  /**
   * Checks the clock and sets the timers again. All listeners have cancelled theirs by now, so no
   * late timer is left to join.
   */
  check(): void;
}

const detectors = new Shared<SuspendDetector>();

/** The detector for `clock` and `scheduler` that reports a suspension within `every` ms. */
export const suspendDetectorOf = (clock: Clock, scheduler: SchedulerLike, every: number): SuspendDetector =>
  detectors.get([scheduler, clock], every, () => new SuspendDetector(clock, scheduler, every));

/**
 * Detects that a clock advanced while the timers of a scheduler stood still, because the machine
 * was suspended.
 *
 * Without it, timers would be late by the time of the suspension (Linux runs timers on
 * `CLOCK_MONOTONIC`). Ignores a gain below half of `every`. Uses one timer for all listeners, and
 * none without listeners.
 */
export class SuspendDetector {
  readonly clock: Clock;
  readonly scheduler: SchedulerLike;
  readonly #every: number;
  readonly #listeners = new Set<SuspendListener>();
  #checks = Subscription.EMPTY;

  constructor(clock: Clock, scheduler: SchedulerLike, every: number) {
    this.clock = clock;
    this.scheduler = scheduler;
    this.#every = every;
  }

  join(listener: SuspendListener): void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
  }

  leave(listener: SuspendListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#checks.unsubscribe();
  }

  #begin(): void {
    let last = this.clock.now();
    // A new timer for each check: virtual time nests the actions of an interval, too deep for a
    // long run.
    const checks = timer(this.#every, this.scheduler).pipe(repeat());
    this.#checks = checks.subscribe(() => {
      const now = this.clock.now();
      const gained = now - last - this.#every;
      last = now;
      if (gained > this.#every / 2) this.#wake([...this.#listeners]);
    });
  }

  #wake(listeners: readonly SuspendListener[]): void {
    for (const each of listeners) each.cancelTimers();
    for (const each of listeners) each.check();
  }
}
