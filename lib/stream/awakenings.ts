import { defer, filter, interval, type Observable, type SchedulerLike, Subscription, share } from 'rxjs';
import type { Clock } from './clock.js';
import { Shared } from './shared.js';

/** Told by one timer to all who listen, however many elections there are. */
const shared = new Shared<Observable<unknown>>();

/**
 * Emits when `clock` has gone on while the timers of `scheduler` stood still: a machine that was suspended is awake again. What was to
 * ring at some time by that clock would else ring late, by as long as the machine slept (Linux counts timers by `CLOCK_MONOTONIC`). Noticed
 * within `every` ms; a gain below half of that is not.
 */
export function awakenings(clock: Clock, scheduler: SchedulerLike, every: number): Observable<unknown> {
  return shared.get([scheduler, clock], every, () => gains(clock, scheduler, every).pipe(share()));
}

const gains = (clock: Clock, scheduler: SchedulerLike, every: number): Observable<unknown> =>
  defer(() => {
    let last = clock.now();
    return interval(every, scheduler).pipe(
      filter(() => {
        const now = clock.now();
        const gained = now - last - every;
        last = now;
        return gained > every / 2;
      }),
    );
  });

/** Who is to be told of {@link awakenings}. */
export interface Watcher {
  awake(): void;
}

/** All who keep watch by one clock and scheduler: one subscription, however many they are. */
export class Vigil {
  readonly #awakenings: Observable<unknown>;
  readonly #watchers = new Set<Watcher>();
  #subscription = Subscription.EMPTY;

  constructor(awakenings: Observable<unknown>) {
    this.#awakenings = awakenings;
  }

  join(watcher: Watcher): void {
    this.#watchers.add(watcher);
    if (this.#watchers.size > 1) return;
    this.#subscription = this.#awakenings.subscribe(() => {
      for (const each of [...this.#watchers]) each.awake();
    });
  }

  leave(watcher: Watcher): void {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#subscription.unsubscribe();
  }
}

const vigils = new Shared<Vigil>();

/** The vigil of all whom {@link awakenings} of these three concern. */
export const vigilOf = (clock: Clock, scheduler: SchedulerLike, every: number): Vigil =>
  vigils.get([scheduler, clock], every, () => new Vigil(awakenings(clock, scheduler, every)));
