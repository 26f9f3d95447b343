import { defer, filter, interval, type Observable, type SchedulerLike, share } from 'rxjs';
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
