/** One look at all clocks, in ms: `uptime` is read between `before` and `after`, `wall` right after that. */
export interface Reading {
  readonly before: number;
  readonly uptime: number;
  readonly after: number;
  readonly wall: number;
}

/** The bounds of an offset. */
interface Span {
  readonly low: number;
  readonly high: number;
}

/** ms by which two clocks may differ by rounding alone. */
export const TICK = 2;

/** How far the rates of two clocks of one machine may differ: twice what NTP slews. */
const DRIFT = 0.001;

/** A reading that is a multiple of one of these, in ms, may be rounded down by that much: 1 s where `/proc/uptime` is masked. */
const GRIDS = [1_000, 500, 250, 100];

/** The wall clock confirms a gain if it gained too, in the last one to two times this many ms. */
const RECENT = 2_000;

/** A gain that the wall clock does not confirm counts after this many ms. */
const LASTING = 3_000;

/**
 * Measures how long the machine was suspended.
 *
 * Only a suspension changes the offset between uptime and monotonic clock. A reading that is rounded
 * down by up to `resolution` gives bounds of that offset, and each further reading narrows them. So
 * rounding, however coarse, never looks like a suspension. A reading above the bounds is one of two:
 *
 * - The wall clock gained too: the machine was suspended. The gain counts at once.
 * - The wall clock did not: the reading is doubtful, because a wrong reading is more likely than a
 *   wall clock that was set back just then. The gain counts once it has lasted.
 *
 * A reading below the bounds is wrong, because a machine does not become younger. The bounds stay, so
 * that the next right reading is no gain.
 */
export class UptimeOffset {
  readonly #resolution: number;
  /** By how many ms the finest reading so far may be rounded down. */
  #finest: number;
  #trusted: Span;
  /** What the last readings agree on, if that is beyond the trusted bounds. */
  #doubtful: { readonly span: Span; readonly since: number } | undefined;
  #readAt: number;
  /** The lowest offset of the wall clock since `#recentFrom`, and in the period before that. */
  #lowestWall: number;
  #lowestWallBefore: number;
  #recentFrom: number;

  constructor(reading: Reading, resolution: number) {
    this.#resolution = resolution;
    this.#finest = this.#resolutionOf(reading);
    this.#trusted = this.#spanOf(reading);
    this.#readAt = reading.after;
    this.#recentFrom = reading.after;
    this.#lowestWall = reading.wall - reading.after;
    this.#lowestWallBefore = this.#lowestWall;
  }

  /** The ms of suspension that `reading` shows, and no reading before it. */
  gainedBy(reading: Reading): number {
    const seen = this.#spanOf(reading);
    this.#refineTo(this.#resolutionOf(reading));
    this.#widenFor(reading.after - this.#readAt);
    this.#readAt = reading.after;
    const confirmed = this.#confirmedBy(seen, reading);
    this.#noteWall(reading);
    this.#note(seen, reading.after);
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

  /** A finer reading shows that the readings before it were not rounded as much as they seemed to be. */
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

  #confirmedBy(seen: Span, { after, wall }: Reading): number {
    const wallGained = wall - after - Math.min(this.#lowestWall, this.#lowestWallBefore);
    for (const { low, high } of this.#doubtful ? [this.#doubtful.span, this.#trusted] : [this.#trusted]) {
      const least = seen.low - high;
      const most = seen.high - low;
      if (least <= TICK || wallGained < least / 2) continue;
      this.#moveBy(least, most);
      this.#lowestWall = wall - after;
      this.#lowestWallBefore = this.#lowestWall;
      // The wall clock is the more exact one, unless it was set as well. Too much is safe, too little is not.
      const agrees = wallGained >= least - TICK && wallGained <= most + TICK;
      return agrees ? wallGained : most;
    }
    return 0;
  }

  /** The lowest offset counts, because a process preempted before it reads the wall clock sees a higher one. */
  #noteWall({ after, wall }: Reading): void {
    const offset = wall - after;
    if (after - this.#recentFrom < RECENT) {
      this.#lowestWall = Math.min(this.#lowestWall, offset);
      return;
    }
    this.#lowestWallBefore = this.#lowestWall;
    this.#lowestWall = offset;
    this.#recentFrom = after;
  }

  #note(seen: Span, at: number): void {
    if (meet(seen, this.#trusted)) {
      this.#trusted = common(seen, this.#trusted);
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
    return span.high - low;
  }
}

const moved = (span: Span, low: number, high: number): Span => ({ low: span.low + low, high: span.high + high });

const meet = (one: Span, other: Span): boolean => one.low <= other.high + TICK && other.low <= one.high + TICK;

/** Of two spans that meet. */
function common(one: Span, other: Span): Span {
  const low = Math.max(one.low, other.low);
  return { low, high: Math.max(low, Math.min(one.high, other.high)) };
}
