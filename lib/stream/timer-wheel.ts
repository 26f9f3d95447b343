import { type SchedulerLike, Subscription } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import { LONGEST_TIMER } from '../core/settings.js';
import { report } from './safely.js';
import { Shared } from './shared.js';
import type { SuspendDetector } from './suspend-detector.js';

/** Whom an alarm wakes. */
export interface TimerTarget {
  /** `now` by the clock: what the alarm was set to, or later; or earlier, where it may be early. */
  fire(now: number): void;
}

/** One who is on a spoke, of one wheel at a time. */
export interface Entry extends TimerTarget {
  /** For the wheel to set: undefined once rung. */
  bucket: Bucket | undefined;
}

/**
 * Alarms that ring together, at the time of the first of them. A plain list, since thousands come and go: who is on it and has left it is passed
 * over.
 */
export class Bucket {
  at = Number.POSITIVE_INFINITY;
  timer = Subscription.EMPTY;
  readonly #onEmpty: () => void;
  readonly #riders: Entry[] = [];
  #next = 0;
  #left = 0;

  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  add(rider: Entry): void {
    rider.bucket = this;
    this.#riders.push(rider);
    this.#left += 1;
  }

  /** Takes the alarm of `rider` back, which has not rung. */
  remove(rider: Entry): void {
    rider.bucket = undefined;
    this.#left -= 1;
    if (this.#left > 0) return;
    this.timer.unsubscribe();
    this.#onEmpty();
  }

  /** Rings for the next `most` of them. Whether there are more. */
  fire(most: number, ring: (rider: Entry) => void): boolean {
    const end = Math.min(this.#next + most, this.#riders.length);
    while (this.#next < end) {
      const rider = this.#riders[this.#next++];
      if (rider?.bucket !== this) continue;
      rider.bucket = undefined;
      this.#left -= 1;
      ring(rider);
    }
    return this.#left > 0;
  }
}

const wheels = new Shared<TimerWheel>();
const timeouts = new Shared<TimerWheel>();

/**
 * The wheel of all elections of one `store` whose alarms may be early by `within` ms. They are told of a suspension together, by `vigil`: or one
 * that was told could join the spoke of one that was not, whose timer is late by as long as the machine slept.
 */
export const timerWheelOf = (store: object, vigil: SuspendDetector, within: number): TimerWheel =>
  wheels.get([store, vigil], within, () => new TimerWheel(vigil, within));

/** ms within which requests are made that share a timer: no more than a timer is off. */
const AT_ONCE = 1;

/** The wheel of all requests to one `store` that are given up after `timeout` ms. No two share a timer that have not been made at the same time. */
export const timeoutWheelOf = (store: object, vigil: SuspendDetector, timeout: number): TimerWheel =>
  timeouts.get([store, vigil], timeout, () => new TimerWheel(vigil, AT_ONCE));

/** Alarms that ring in one go; the event loop has a turn for others before more of them. */
const MOST = 256;

/**
 * Alarms that may ring a little early, so that those which are due at about the same time ring in one turn of the event loop: thousands of
 * elections then take a few timers, and what they ask for can go in a few requests. One that is alone rings when it is due.
 */
export class TimerWheel {
  /** ms by which an alarm may be early. */
  readonly within: number;
  readonly #clock: Clock;
  readonly #scheduler: SchedulerLike;
  readonly #spokes = new Map<number, Bucket>();

  constructor({ clock, scheduler }: SuspendDetector, within: number) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.within = within;
  }

  /** Rings for `rider` once, at `at` by the clock or up to `within` ms before that, unless it leaves the spoke it is put on. */
  schedule(at: number, rider: Entry): void {
    const index = Math.floor(at / this.within);
    const spoke = this.#spokes.get(index) ?? this.#make(index);
    spoke.add(rider);
    if (at >= spoke.at) return;
    spoke.at = at;
    spoke.timer.unsubscribe();
    spoke.timer = this.#schedule(at, () => this.#turn(index, spoke));
  }

  /** Rings for `sleeper` once, at `at`, by a timer of its own. */
  alone(at: number, sleeper: TimerTarget): Subscription {
    return this.#schedule(at, () => this.#ring(at, sleeper));
  }

  #turn(index: number, spoke: Bucket): void {
    this.#forget(index, spoke); // what is set from now on goes on another
    const hasMore = spoke.fire(MOST, (rider) => this.#ring(spoke.at, rider));
    if (hasMore) spoke.timer = this.#scheduler.schedule(() => this.#turn(index, spoke));
  }

  /** By the clock as it is now: since an event was stamped, listeners of a signal may have run for long. */
  #schedule(at: number, work: () => void): Subscription {
    return this.#scheduler.schedule(work, Math.min(Math.max(0, at - this.#clock.now()), LONGEST_TIMER));
  }

  /** A timer that rings says that its time has come, though Node's may ring up to a millisecond before that by the clock. */
  #ring(at: number, sleeper: TimerTarget): void {
    try {
      sleeper.fire(Math.max(at, this.#clock.now()));
    } catch (error) {
      report(error); // or those that are to ring after it would not
    }
  }

  #make(index: number): Bucket {
    const spoke: Bucket = new Bucket(() => this.#forget(index, spoke));
    this.#spokes.set(index, spoke);
    return spoke;
  }

  #forget(index: number, spoke: Bucket): void {
    if (this.#spokes.get(index) === spoke) this.#spokes.delete(index);
  }
}
