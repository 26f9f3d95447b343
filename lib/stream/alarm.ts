import { Subscription } from 'rxjs';
import type { Bucket, Entry, TimerTarget, TimerWheel } from './timer-wheel.js';

/** The timer of a candidacy. Setting it again cancels the earlier time. */
export class Alarm implements Entry {
  bucket: Bucket | undefined;

  readonly #wheel: TimerWheel;
  readonly #target: TimerTarget;
  #at = Number.POSITIVE_INFINITY;
  #timer = Subscription.EMPTY;

  constructor(wheel: TimerWheel, target: TimerTarget) {
    this.#wheel = wheel;
    this.#target = target;
  }

  /** Fires at `at`, by a timer of its own. Infinity means never. */
  set(at: number): void {
    if (this.#isSetTo(at)) return;
    if (at !== Number.POSITIVE_INFINITY) this.#timer = this.#wheel.scheduleAlone(at, this);
  }

  /**
   * Fires at `at`, by a shared timer of the wheel.
   *
   * A time that must not be early may share a timer only while it is far ahead of `now`. Most such
   * times are cancelled before they fire. A timer that fires early is set again for the rest.
   */
  share(at: number, mayBeEarly: boolean, now: number): void {
    if (at === Number.POSITIVE_INFINITY || (!mayBeEarly && at - now <= this.#wheel.tolerance)) this.set(at);
    else if (!this.#isSetTo(at)) this.#wheel.schedule(at, this);
  }

  /** Cancels the timer. It may be set again, even to the same time. */
  cancel(): void {
    this.#isSetTo(Number.NaN);
  }

  fire(now: number): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#target.fire(now);
  }

  /** Returns whether the timer is already set to `at`. If not, cancels it and stores `at`. */
  #isSetTo(at: number): boolean {
    if (at === this.#at) return true;
    this.#timer.unsubscribe();
    this.bucket?.remove(this);
    this.#at = at;
    return false;
  }
}
