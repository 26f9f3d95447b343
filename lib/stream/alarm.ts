import { Subscription } from 'rxjs';
import type { Rider, Sleeper, Spoke, Wheel } from './timer-wheel.js';

/** The one alarm of a candidacy: set anew, it does not ring for what it was set to before. */
export class Alarm implements Rider {
  spoke: Spoke | undefined;

  readonly #wheel: Wheel;
  readonly #sleeper: Sleeper;
  #at = Number.POSITIVE_INFINITY;
  #timer = Subscription.EMPTY;

  constructor(wheel: Wheel, sleeper: Sleeper) {
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
  shake(): void {
    this.#isSetTo(Number.NaN);
  }

  ring(now: number): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#sleeper.ring(now);
  }

  /** If not, it is taken back. */
  #isSetTo(at: number): boolean {
    if (at === this.#at) return true;
    this.#timer.unsubscribe();
    this.spoke?.leave(this);
    this.#at = at;
    return false;
  }
}
