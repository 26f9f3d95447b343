import { uptime } from 'node:os';
import { fakeTime } from './fake-timers.js';
import { TICK, UptimeOffset } from './uptime-offset.js';

/**
 * Where an election reads the time. `now` decides how long a lease lasts, so it must never stand still or go back while time
 * passes outside: not `Date.now()`, which an operator or NTP can set.
 */
export interface Clock {
  /** Elapsed ms since any fixed moment; may be fractional. */
  now(): number;
  /** Wall time in ms since 1970, for the `at` of transitions only. Default: `Date.now`. */
  wall?(): number;
}

/** The readings a {@link monotonicClock} is made of, in ms. */
export interface Readings {
  /** Never goes back; may stand still while the machine is suspended (Linux `CLOCK_MONOTONIC`). */
  readonly monotonic: () => number;
  /** Goes on while the machine is suspended; anyone may set it. */
  readonly wall: () => number;
  /**
   * Goes on while the machine is suspended. Nobody can set it, but it may be coarse, and wrong at
   * times. Reading it is a system call, a hundred times as slow as the other two.
   */
  readonly uptime: () => number;
  /** ms by which `uptime` may be rounded down. A reading in whole seconds may be by a second, whatever this says. */
  readonly resolution: number;
  /** For how long it need not be read again, while `wall` says that no other time has passed than by `monotonic`. */
  readonly spared: number;
}

/**
 * `os.uptime()` steps by 10 ms on Linux, or by a second where `/proc/uptime` is masked and on other
 * runtimes than Node. Elsewhere it is derived from wall time in whole seconds.
 */
const SYSTEM: Readings = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  uptime: () => uptime() * 1000,
  resolution: process.platform === 'linux' ? 10 : 2000,
  spared: 10,
};

/**
 * A clock that counts the time this machine was suspended. A laptop closed for an hour wakes with its
 * monotonic clock, and so its leases, seemingly a moment older. {@link UptimeOffset} says what to add.
 */
export function monotonicClock({ monotonic, wall, uptime, resolution, spared }: Readings = SYSTEM): Clock {
  const read = () => ({ before: monotonic(), uptime: uptime(), after: monotonic(), wall: wall() });
  let suspended = 0;
  let last = read();
  const offset = new UptimeOffset(last, resolution);
  return {
    now() {
      const before = monotonic();
      const passed = before - last.after;
      if (passed < spared && Math.abs(wall() - last.wall - passed) <= TICK) return before + suspended;
      last = read();
      const gained = offset.gainedBy(last);
      suspended += gained;
      return last.after + suspended;
    },
    wall,
  };
}

/**
 * A clock that follows `real`, and the time of fake timers while there are any. It does not jump where
 * one takes over from the other, so that no pause of the real machine counts in fake time.
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

/** The default clock; one for all elections of a process. */
export function systemClock(): Clock {
  shared ??= fakeableClock(monotonicClock());
  return shared;
}
