import { repeat, type SchedulerLike, Subscription, timer } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import { Shared } from './shared.js';

/** Who is to be told that a machine which was suspended is awake again. */
export interface SuspendListener {
  /** Takes all timers back. */
  cancelTimers(): void;
  /** Looks at the clock, and sets them anew: others have taken back theirs by now, so that none is left which is late. */
  check(): void;
}

const detectors = new Shared<SuspendDetector>();

/** The vigil of all who live by `clock` and `scheduler` and are to be told of a suspension within `every` ms. */
export const suspendDetectorOf = (clock: Clock, scheduler: SchedulerLike, every: number): SuspendDetector =>
  detectors.get([scheduler, clock], every, () => new SuspendDetector(clock, scheduler, every));

/**
 * Notices when a clock has gone on while the timers of a scheduler stood still: a machine that was suspended is awake again. What was to
 * ring at some time by that clock would else ring late, by as long as the machine slept (Linux counts timers by `CLOCK_MONOTONIC`). A gain below
 * half of `every` is not noticed. One timer, however many watch; none while nobody does.
 */
export class SuspendDetector {
  readonly clock: Clock;
  readonly scheduler: SchedulerLike;
  readonly #every: number;
  readonly #watchers = new Set<SuspendListener>();
  #looks = Subscription.EMPTY;

  constructor(clock: Clock, scheduler: SchedulerLike, every: number) {
    this.clock = clock;
    this.scheduler = scheduler;
    this.#every = every;
  }

  join(watcher: SuspendListener): void {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#begin();
  }

  leave(watcher: SuspendListener): void {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#looks.unsubscribe();
  }

  #begin(): void {
    let last = this.clock.now();
    // Each look is a timer of its own. Those of an interval are kept one within the other by virtual time, too deep in the end to be let go of.
    const looks = timer(this.#every, this.scheduler).pipe(repeat());
    this.#looks = looks.subscribe(() => {
      const now = this.clock.now();
      const gained = now - last - this.#every;
      last = now;
      if (gained > this.#every / 2) this.#wake([...this.#watchers]);
    });
  }

  #wake(watchers: readonly SuspendListener[]): void {
    for (const each of watchers) each.cancelTimers();
    for (const each of watchers) each.check();
  }
}
