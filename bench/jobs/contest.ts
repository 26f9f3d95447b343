import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Link, Seat, Standing } from '../contender.js';
import { TTL, WAIT } from '../settings.js';

/** ms that anybody may take to lead, more than a whole lease. */
const PATIENCE = 3 * TTL;
/** Connections opened at a time. */
const BATCH = 50;

/** One election, with a connection for each of its candidates, as if they were processes. */
export class Contest {
  readonly #key: string;
  readonly #seats: readonly Seat[];
  readonly #standings = new Map<Seat, Standing>();
  #leader: Seat | undefined;
  #onLed: (at: number) => void = () => {};

  private constructor(key: string, seats: readonly Seat[]) {
    this.#key = key;
    this.#seats = seats;
  }

  /** Resolves when one leads and all others stand. */
  static async open(contender: Contender, link: Link, key: string, candidates: number): Promise<Contest> {
    const seats: Seat[] = [];
    while (seats.length < candidates) {
      const batch = Array.from({ length: Math.min(BATCH, candidates - seats.length) }, () => contender.sit(link));
      seats.push(...(await Promise.all(batch)));
    }
    const contest = new Contest(key, seats);
    const led = contest.#next();
    // Start the candidates one after another. Otherwise polling candidates would stay in step.
    for (const seat of seats) {
      contest.#stand(seat);
      await sleep(WAIT / candidates);
    }
    await led;
    return contest;
  }

  /** The leader resigns; resolves with how many ms later the next one knew that it leads. */
  async handOver(): Promise<number> {
    const before = this.#leader;
    if (before === undefined) throw new Error('nobody leads');
    const led = this.#next();
    this.#leader = undefined;
    const from = performance.now();
    void this.#standings.get(before)?.resign();
    const at = await led;
    this.#standings.delete(before);
    return at - from;
  }

  /** Whoever has resigned stands again. */
  refill(): void {
    for (const seat of this.#seats) if (!this.#standings.has(seat)) this.#stand(seat);
  }

  #stand(seat: Seat): void {
    const standing = seat.stand(this.#key, () => {
      const at = performance.now();
      this.#leader = seat;
      this.#onLed(at);
    });
    this.#standings.set(seat, standing);
  }

  #next(): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nobody led within ${PATIENCE / 1_000} s`)), PATIENCE);
      this.#onLed = (at) => {
        clearTimeout(timer);
        resolve(at);
      };
    });
  }
}

/** ms after which all candidates have made a first attempt, and all subscribers have subscribed. */
export const SETTLED = 1.2 * WAIT;
