import { Subscription } from 'rxjs';
import type { Bucket, Entry, TimerTarget, TimerWheel } from './timer-wheel.js';

/** The one alarm of a candidacy: set anew, it does not ring for what it was set to before. */
export class Alarm implements Entry {
  bucket: Bucket | undefined;

  readonly #wheel: TimerWheel;
  readonly #sleeper: TimerTarget;
  #at = Number.POSITIVE_INFINITY;
  #timer = Subscription.EMPTY;

  constructor(wheel: TimerWheel, sleeper: TimerTarget) {
    this.#wheel = wheel;
    this.#sleeper = sleeper;
  }

  /** Rings at `at`, by a timer of its own; never at Infinity. */
  set(at: number): void {
    if (this.#isSetTo(at)) return;
    if (at !== Number.POSITIVE_INFINITY) this.#timer = this.#wheel.alone(at, this);
  }

  /**
   * The same, but on the wheel; where it may not be early, only as long as it is far ahead of `now`: most are taken back before they ring, and one
   * that rings early is then to be set again, for the rest.
   */
  share(at: number, mayBeEarly: boolean, now: number): void {
    if (at === Number.POSITIVE_INFINITY || (!mayBeEarly && at - now <= this.#wheel.within)) this.set(at);
    else if (!this.#isSetTo(at)) this.#wheel.schedule(at, this);
  }

  /** Takes it back, to be set anew, be it to the same time. */
  cancel(): void {
    this.#isSetTo(Number.NaN);
  }

  fire(now: number): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#sleeper.fire(now);
  }

  /** If not, it is taken back. */
  #isSetTo(at: number): boolean {
    if (at === this.#at) return true;
    this.#timer.unsubscribe();
    this.bucket?.remove(this);
    this.#at = at;
    return false;
  }
}
