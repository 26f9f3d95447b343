import { defer, finalize, Observable, type SchedulerLike } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import { ElectionError } from '../port/errors.js';

/** Where a quorum reads the time, and what runs its timers. */
export interface Timing {
  readonly clock: Clock;
  readonly scheduler: SchedulerLike;
}

/**
 * Work that is done one after the other, as the election itself has one request in flight: so that a release never overtakes what it is to
 * undo, on any client, also where a majority has answered and the rest is still awaited.
 */
export class SerialQueue {
  readonly #timing: Timing;
  readonly #waiting: Array<() => void> = [];
  #isBusy = false;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /** Does `work` when all that came before is through; fails with `STORE_TIMEOUT`, and leaves it undone, if that is not so by `until`. */
  enqueue<T>(until: number, work: () => Observable<T>): Observable<T> {
    const { clock, scheduler } = this.#timing;
    return new Observable((subscriber) => {
      const isLate = () => clock.now() >= until;
      const tooLate = () => subscriber.error(new ElectionError('STORE_TIMEOUT', 'An earlier request is still awaited'));
      const begin = () => {
        this.#isBusy = true;
        const turn = defer(work).pipe(finalize(() => this.#next()));
        subscriber.add(turn.subscribe(subscriber));
      };
      if (!this.#isBusy) return isLate() ? tooLate() : begin();
      const patience = scheduler.schedule(tooLate, Math.max(0, until - clock.now()));
      const take = () => {
        subscriber.remove(leave);
        patience.unsubscribe();
        begin();
      };
      const leave = () => {
        patience.unsubscribe();
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
      };
      this.#waiting.push(take);
      subscriber.add(leave);
    });
  }

  #next(): void {
    this.#isBusy = false;
    this.#waiting.shift()?.();
  }
}
