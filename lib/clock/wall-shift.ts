/**
 * One reading of all clocks, in ms. `uptime` is read between `before` and `after`, `wall` right
 * after that.
 */
export interface Reading {
  readonly before: number;
  readonly uptime: number;
  readonly after: number;
  readonly wall: number;
}

/** The bounds in which the wall clock was ahead of the monotonic clock during a period. */
interface Period {
  readonly since: number;
  readonly low: number;
  readonly high: number;
}

/** Length of a period, in ms. */
const PERIOD = 2_000;

const periodOf = ({ after, wall }: Reading): Period => ({ since: after, low: wall - after, high: wall - after });

/**
 * How far the wall clock recently shifted against the monotonic clock: in the last one to two
 * periods.
 *
 * Keeps bounds, because a process that is preempted before it reads the wall clock sees a false
 * shift.
 */
export class WallShift {
  #previous: Period;
  #current: Period;

  constructor(reading: Reading) {
    this.#previous = periodOf(reading);
    this.#current = this.#previous;
  }

  /** ms by which `reading` is ahead of the lowest one. */
  forward({ after, wall }: Reading): number {
    return wall - after - Math.min(this.#previous.low, this.#current.low);
  }

  /** ms by which `reading` is behind the highest one. */
  back({ after, wall }: Reading): number {
    return Math.max(this.#previous.high, this.#current.high) - (wall - after);
  }

  record(reading: Reading): void {
    const { since, low, high } = this.#current;
    if (reading.after - since >= PERIOD) {
      this.#previous = this.#current;
      this.#current = periodOf(reading);
      return;
    }
    const ahead = reading.wall - reading.after;
    this.#current = { since, low: Math.min(low, ahead), high: Math.max(high, ahead) };
  }

  /** Starts over when the shift so far is explained. */
  restart(reading: Reading): void {
    this.#previous = periodOf(reading);
    this.#current = this.#previous;
  }
}
