import { type Reading, WallShift } from './wall-shift.js';

/** Bounds of an offset. */
interface Span {
  readonly low: number;
  readonly high: number;
}

/** ms by which two clocks may differ by rounding alone. */
export const TICK = 2;

/** How far the rates of two clocks of one machine may differ: twice the rate at which NTP slews. */
const DRIFT = 0.001;

/**
 * A reading that is a multiple of one of these, in ms, may be rounded down by that much. The step
 * is 1 s if `/proc/uptime` is masked.
 */
const GRIDS = [1_000, 500, 250, 100];

/**
 * ms by which the wall clock may recently have shifted because NTP slews it. A larger shift
 * confirms any gain.
 */
const SLEW = 100;

/** A gain that the wall clock does not confirm counts after this many ms. */
const LASTING = 3_000;

/**
 * Measures how long the machine was suspended.
 *
 * Only a suspension changes the offset between uptime and monotonic clock. A reading that is
 * rounded down by up to `resolution` gives bounds of that offset. Each further reading narrows
 * them, so rounding never looks like a suspension, however coarse it is. A reading above the bounds
 * has one of two causes:
 *
 * - The wall clock shifted too: the machine was suspended. The gain counts at once, even if
 *   somebody set the wall clock before the process ran again.
 * - The wall clock advanced like the monotonic clock: the reading is doubtful. It is wrong, or
 *   somebody set the wall clock back by exactly the time of the suspension. The gain counts once it
 *   has lasted.
 *
 * A reading below the bounds is wrong, because uptime never decreases. The bounds stay, so that the
 * next correct reading is no gain.
 */
export class UptimeOffset {
  readonly #resolution: number;
  /** ms by which the finest reading so far may be rounded down. */
  #finest: number;
  #trusted: Span;
  /** ms from the first reading to the last one that the trusted bounds explain. */
  #trustedFor = 0;
  /** The bounds that the last readings agree on, if they are beyond the trusted bounds. */
  #doubtful: { readonly span: Span; readonly since: number } | undefined;
  #readAt: number;
  readonly #begunAt: number;
  readonly #wall: WallShift;

  constructor(reading: Reading, resolution: number) {
    this.#resolution = resolution;
    this.#finest = this.#resolutionOf(reading);
    this.#trusted = this.#spanOf(reading);
    this.#readAt = reading.after;
    this.#begunAt = reading.after;
    this.#wall = new WallShift(reading);
  }

  /** Returns the ms of suspension that `reading` is the first to show. */
  gainedBy(reading: Reading): number {
    const seen = this.#spanOf(reading);
    this.#refineTo(this.#resolutionOf(reading));
    this.#widenFor(reading.after - this.#readAt);
    this.#readAt = reading.after;
    const confirmed = this.#confirmedBy(seen, reading);
    this.#wall.record(reading);
    this.#record(seen, reading.after);
    return confirmed + this.#lasting(reading.after);
  }

  #resolutionOf({ uptime }: Reading): number {
    const grid = GRIDS.find((grid) => Math.round(uptime) % grid === 0) ?? 0;
    return Math.max(grid, this.#resolution);
  }

  #spanOf(reading: Reading): Span {
    const { before, uptime, after } = reading;
    // The process may have been preempted between the readings. That widens the bounds.
    return { low: uptime - after, high: uptime + this.#resolutionOf(reading) - before };
  }

  /** A finer reading shows that the earlier readings were rounded less than they seemed to be. */
  #refineTo(resolution: number): void {
    if (resolution >= this.#finest) return;
    this.#moveBy(0, resolution - this.#finest);
    this.#finest = resolution;
  }

  #widenFor(passed: number): void {
    const drift = passed * DRIFT;
    this.#moveBy(-drift, drift);
  }

  #moveBy(low: number, high: number): void {
    this.#trusted = moved(this.#trusted, low, high);
    if (this.#doubtful) this.#doubtful = { ...this.#doubtful, span: moved(this.#doubtful.span, low, high) };
  }

  #confirmedBy(seen: Span, reading: Reading): number {
    const shift = this.#wall.forward(reading);
    for (const { low, high } of this.#doubtful ? [this.#doubtful.span, this.#trusted] : [this.#trusted]) {
      const least = seen.low - high;
      const most = seen.high - low;
      const isConfirmed = shift >= Math.min(least / 2, SLEW) || this.#wall.back(reading) >= SLEW;
      if (least <= TICK || !isConfirmed) continue;
      this.#moveBy(least, most);
      this.#wall.restart(reading);
      // The wall clock is more exact, unless somebody set it as well. Too much is safe, too little
      // is not.
      return shift >= least - TICK && shift <= most + TICK ? shift : most;
    }
    return 0;
  }

  #record(seen: Span, at: number): void {
    if (meet(seen, this.#trusted)) {
      this.#trusted = common(seen, this.#trusted);
      this.#trustedFor = at - this.#begunAt;
      this.#doubtful = undefined;
    } else if (this.#doubtful && meet(seen, this.#doubtful.span)) {
      this.#doubtful = { ...this.#doubtful, span: common(seen, this.#doubtful.span) };
    } else {
      this.#doubtful = { span: seen, since: at };
    }
  }

  #lasting(now: number): number {
    if (!this.#doubtful || now - this.#doubtful.since < LASTING) return 0;
    const { span } = this.#doubtful;
    const { low, high } = this.#trusted;
    if (span.low <= high) return 0;
    this.#trusted = span;
    this.#doubtful = undefined;
    // Otherwise the first readings were wrong.
    return this.#trustedFor >= LASTING ? span.high - low : 0;
  }
}

const moved = (span: Span, low: number, high: number): Span => ({ low: span.low + low, high: span.high + high });

const meet = (one: Span, other: Span): boolean => one.low <= other.high + TICK && other.low <= one.high + TICK;

/** The intersection of two spans that meet. */
function common(one: Span, other: Span): Span {
  const low = Math.max(one.low, other.low);
  return { low, high: Math.max(low, Math.min(one.high, other.high)) };
}
