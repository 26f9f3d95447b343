import { Observable, type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import type { LeaseReply, LeaseStore } from '../../lib/store/lease-store.js';
import type { Clock } from '../../lib/stream/clock.js';

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  between(least: number, most: number): number {
    return least + this.roll() * (most - least);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.roll() * list.length)] as T;
  }
}

interface Occurrence {
  readonly time: number;
  readonly order: number;
  readonly happen: () => void;
}

/** The one true time, which no machine knows. What is due at one instant happens in random order. */
export class Timeline {
  now = 0;
  readonly #dice: Dice;
  #coming: Occurrence[] = [];

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  get isEmpty(): boolean {
    return this.#coming.length === 0;
  }

  at(time: number, happen: () => void): Subscription {
    const occurrence = { time: Math.max(time, this.now), order: this.#dice.roll(), happen };
    const isLater = (other: Occurrence) =>
      other.time > occurrence.time || (other.time === occurrence.time && other.order > occurrence.order);
    const index = this.#coming.findIndex(isLater);
    this.#coming.splice(index === -1 ? this.#coming.length : index, 0, occurrence);
    return new Subscription(() => {
      this.#coming = this.#coming.filter((other) => other !== occurrence);
    });
  }

  after(ms: number, happen: () => void): Subscription {
    return this.at(this.now + ms, happen);
  }

  /** Lets `ms` pass, and looks after each thing that happens in them. */
  run(ms: number, look: () => void): void {
    const end = this.now + ms;
    for (let next = this.#coming[0]; next && next.time <= end; next = this.#coming[0]) {
      this.#coming.shift();
      this.now = next.time;
      next.happen();
      look();
    }
    this.now = end;
  }
}

/** A process, the clock of its machine, and the network between it and the store. */
export class Machine {
  /** Local ms that pass in one. */
  readonly rate: number;
  /** ms that a request, or a reply, takes. */
  delay = { request: () => 1, reply: () => 1 };
  /** What never arrives. */
  loses = { requests: false, replies: false };
  /** Killed: it does nothing any more, and what it has sent goes its way. */
  isDead = false;
  readonly #timeline: Timeline;
  readonly #store: LeaseStore;
  #frozenUntil = 0;

  constructor(timeline: Timeline, store: LeaseStore, rate: number) {
    this.#timeline = timeline;
    this.#store = store;
    this.rate = rate;
  }

  /** Stops the process for `ms`, as SIGSTOP does. Its clock goes on; timers and replies wait, and come in random order. */
  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#timeline.now + ms);
  }

  readonly clock: Clock = {
    now: () => 5_000 + this.#timeline.now * this.rate,
    wall: () => this.#timeline.now,
  };

  readonly scheduler: SchedulerLike = {
    now: () => this.clock.now(),
    schedule: <T>(work: (this: SchedulerAction<T>, state: T) => void, delay = 0, state?: T): Subscription => {
      const action = new Subscription() as SchedulerAction<T>;
      action.schedule = (next, later = 0) => {
        action.add(this.#inside(this.#timeline.now + later / this.rate, () => work.call(action, next as T)));
        return action;
      };
      return action.schedule(state, delay);
    },
  };

  readonly store: LeaseStore = {
    acquire: (request) => this.#send(() => this.#store.acquire(request) as Observable<never>),
    renew: (request) => this.#send(() => this.#store.renew(request) as Observable<never>),
    release: (request) => this.#send(() => this.#store.release(request) as Observable<never>),
    read: (request) => this.#send(() => this.#store.read(request) as Observable<never>),
  };

  /** Does `work` in this process, at `time` or as soon as it runs again. */
  #inside(time: number, work: () => void): Subscription {
    const subscription = this.#timeline.at(time, () => {
      if (this.isDead) return;
      if (this.#timeline.now < this.#frozenUntil) subscription.add(this.#inside(this.#frozenUntil, work));
      else work();
    });
    return subscription;
  }

  /** What has left arrives, whoever waits for it still. */
  #send<Reply extends LeaseReply>(execute: () => Observable<Reply>): Observable<Reply> {
    return new Observable((subscriber) => {
      if (this.loses.requests) return;
      const hear = (work: () => void) => {
        if (!this.loses.replies) this.#inside(this.#timeline.now + this.delay.reply(), work);
      };
      this.#timeline.after(this.delay.request(), () =>
        execute().subscribe({
          next: (reply) =>
            hear(() => {
              subscriber.next(reply);
              subscriber.complete();
            }),
          error: (error) => hear(() => subscriber.error(error)),
        }),
      );
    });
  }
}
