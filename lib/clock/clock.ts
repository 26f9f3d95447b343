import { uptime } from 'node:os';
import { fakeTime } from './fake-timers.js';
import { TICK, UptimeOffset } from './uptime-offset.js';

/**
 * The clock of an election.
 *
 * `now` decides how long a lease lasts, so it must never stand still or go back while time passes
 * outside. `Date.now()` is unsuitable, because an operator or NTP can set it.
 */
export interface Clock {
  /** Elapsed ms since any fixed moment. May be fractional. */
  now(): number;
  /** Wall time in ms since 1970, for the `at` of transitions only. Default: `Date.now`. */
  wall?(): number;
}

/** The readings that a {@link monotonicClock} needs, in ms. */
export interface Readings {
  /** Never goes back. May stand still while the machine is suspended (Linux `CLOCK_MONOTONIC`). */
  readonly monotonic: () => number;
  /** Advances while the machine is suspended. Anyone may set it. */
  readonly wall: () => number;
  /**
   * Advances while the machine is suspended. Nobody can set it, but it may be coarse, and wrong at
   * times.
   *
   * It needs a system call, which is a hundred times as slow as the other two readings.
   */
  readonly uptime: () => number;
  /**
   * ms by which `uptime` may be rounded down. A reading in whole seconds may be rounded by a
   * second, whatever this value says.
   */
  readonly resolution: number;
  /** ms for which a reading of `uptime` is reused, as long as `wall` advances like `monotonic`. */
  readonly reuseFor: number;
}

/**
 * `os.uptime()` steps by 10 ms on Linux. It steps by a second if `/proc/uptime` is masked, and on
 * runtimes other than Node. On other platforms it is derived from wall time in whole seconds.
 */
const SYSTEM: Readings = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  uptime: () => uptime() * 1000,
  resolution: process.platform === 'linux' ? 10 : 2000,
  reuseFor: 10,
};

/**
 * A clock that counts the time this machine was suspended.
 *
 * The monotonic clock of a laptop that was closed for an hour shows almost no elapsed time, and so
 * its leases would seem valid. {@link UptimeOffset} measures what to add.
 */
export function monotonicClock({ monotonic, wall, uptime, resolution, reuseFor }: Readings = SYSTEM): Clock {
  const read = () => ({ before: monotonic(), uptime: uptime(), after: monotonic(), wall: wall() });
  let suspended = 0;
  let last = read();
  const offset = new UptimeOffset(last, resolution);
  return {
    now() {
      const before = monotonic();
      const passed = before - last.after;
      if (passed < reuseFor && Math.abs(wall() - last.wall - passed) <= TICK) return before + suspended;
      last = read();
      const gained = offset.gainedBy(last);
      suspended += gained;
      return last.after + suspended;
    },
    wall,
  };
}

/**
 * A clock that follows `real`, or the time of fake timers while they are installed.
 *
 * It does not jump when one replaces the other, so a pause of the real machine does not count in
 * fake time.
 */
export function fakeableClock(real: Clock): Clock {
  let source: object = real;
  let ahead = 0;
  let last = real.now();
  return {
    ...real,
    now() {
      const fake = fakeTime();
      const reading = fake ? fake.now : real.now();
      const current = fake ? fake.of : real;
      // Fake time goes back when a test resets it.
      if (current !== source || (fake && reading + ahead < last)) ahead = last - reading;
      source = current;
      last = reading + ahead;
      return last;
    },
  };
}

let shared: Clock | undefined;

/** The default clock, shared by all elections of a process. */
export function systemClock(): Clock {
  shared ??= fakeableClock(monotonicClock());
  return shared;
}
