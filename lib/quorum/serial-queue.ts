import { defer, finalize, Observable, type SchedulerLike } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import { ElectionError } from '../port/errors.js';

/** The time source and the scheduler of a quorum. */
export interface Timing {
  readonly clock: Clock;
  readonly scheduler: SchedulerLike;
}

/**
 * Runs work one item at a time, as an election has one request in flight.
 *
 * A release therefore never overtakes the request that it undoes, on any client.
 * This also holds after a majority has answered while other answers are pending.
 */
export class SerialQueue {
  readonly #timing: Timing;
  readonly #waiting: Array<() => void> = [];
  #isBusy = false;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /**
   * Runs `work` after all earlier work. If its turn has not come by `until`, it fails with
   * `STORE_TIMEOUT` and skips the work.
   */
  enqueue<T>(until: number, work: () => Observable<T>): Observable<T> {
    const { clock, scheduler } = this.#timing;
    return new Observable((subscriber) => {
      const isLate = () => clock.now() >= until;
      const tooLate = () => subscriber.error(new ElectionError('STORE_TIMEOUT', 'An earlier request is still awaited'));
      const start = () => {
        this.#isBusy = true;
        const turn = defer(work).pipe(finalize(() => this.#next()));
        subscriber.add(turn.subscribe(subscriber));
      };
      if (!this.#isBusy) return isLate() ? tooLate() : start();
      const deadline = scheduler.schedule(tooLate, Math.max(0, until - clock.now()));
      const run = () => {
        subscriber.remove(cancel);
        deadline.unsubscribe();
        start();
      };
      const cancel = () => {
        deadline.unsubscribe();
        this.#waiting.splice(this.#waiting.indexOf(run), 1);
      };
      this.#waiting.push(run);
      subscriber.add(cancel);
    });
  }

  #next(): void {
    this.#isBusy = false;
    this.#waiting.shift()?.();
  }
}
