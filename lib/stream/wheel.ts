import { type SchedulerLike, Subscription } from 'rxjs';
import type { Clock } from './clock.js';
import { getOrMake, Shared } from './shared.js';

/** Alarms that ring together, at the time of the first of them. */
interface Spoke {
  at: number;
  timer: Subscription;
  readonly rings: Set<Ring>;
}

/** Is given the time by the clock: what it was set to, or later. */
type Ring = (now: number) => void;

const wheels = new Shared<Wheel>();

/** The wheel of all elections of one `store` whose times are counted by `clock`, run by `scheduler`, and may be early by `within` ms. */
export const wheelOf = (store: object, clock: Clock, scheduler: SchedulerLike, within: number): Wheel =>
  wheels.get([store, scheduler, clock], within, () => new Wheel(clock, scheduler, within));

/**
 * Alarms that may ring a little early, so that those which are due at about the same time ring in one turn of the event loop: thousands of
 * elections then take a few timers, and what they ask for can go in a few requests. One that is alone rings when it is due.
 */
export class Wheel {
  readonly #clock: Clock;
  readonly #scheduler: SchedulerLike;
  readonly #within: number;
  readonly #spokes = new Map<number, Spoke>();

  constructor(clock: Clock, scheduler: SchedulerLike, within: number) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#within = within;
  }

  /** Calls `ring` once, at `at` by the clock or up to `within` ms before that, unless unsubscribed. */
  schedule(at: number, ring: Ring): Subscription {
    const index = Math.floor(at / this.#within);
    const spoke = getOrMake(this.#spokes, index, () => ({
      at: Number.POSITIVE_INFINITY,
      timer: Subscription.EMPTY,
      rings: new Set<Ring>(),
    }));
    spoke.rings.add(ring);
    if (at < spoke.at) {
      spoke.at = at;
      spoke.timer.unsubscribe();
      spoke.timer = this.#scheduler.schedule(() => this.#turn(index, spoke), Math.max(0, at - this.#clock.now()));
    }
    return new Subscription(() => {
      spoke.rings.delete(ring);
      if (spoke.rings.size > 0 || this.#spokes.get(index) !== spoke) return;
      spoke.timer.unsubscribe();
      this.#spokes.delete(index);
    });
  }

  #turn(index: number, spoke: Spoke): void {
    this.#spokes.delete(index);
    // A timer that rings says that its time has come, though Node's may ring up to a millisecond before that by the clock.
    for (const ring of spoke.rings) ring(Math.max(spoke.at, this.#clock.now()));
  }
}
