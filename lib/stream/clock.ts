import { uptime } from 'node:os';

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
  /** Goes on while the machine is suspended. Nobody can set it, but reading it is a system call, a hundred times as slow as the other two. */
  readonly uptime: () => number;
  /** How far `uptime` may be off by its own coarseness. */
  readonly resolution: number;
  /** For how long it need not be read again, while `wall` says that no other time has passed than by `monotonic`. */
  readonly spared: number;
}

/** ms by which the wall clock, in whole ms, may seem to run ahead or behind. */
const TICK = 2;

/** `os.uptime()` steps by 10 ms on Linux; elsewhere it is derived from wall time in whole seconds. */
const SYSTEM: Readings = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  uptime: () => uptime() * 1000,
  resolution: process.platform === 'linux' ? 10 : 2000,
  spared: 10,
};

/**
 * A clock that counts the time this machine was suspended: a laptop closed for an hour wakes with its monotonic clock, and so
 * its leases, seemingly a moment older. Whatever the uptime gained on the monotonic clock between two readings, by more than
 * its own resolution, is added. Judged reading by reading, so that slow drift between the two never adds up.
 */
export function monotonicClock({ monotonic, wall, uptime, resolution, spared }: Readings = SYSTEM): Clock {
  let suspended = 0;
  let lastBefore = monotonic();
  let lastWall = wall();
  let lastUptime = uptime();
  return {
    now() {
      const before = monotonic();
      const passed = before - lastBefore;
      const wallTime = wall();
      if (passed < spared && Math.abs(wallTime - lastWall - passed) <= TICK) return before + suspended;
      // The uptime is read between two readings of the monotonic clock, and the wider span is compared: a process preempted
      // in between must not look like a suspended machine.
      const up = uptime();
      const after = monotonic();
      const gained = up - lastUptime - (after - lastBefore);
      if (gained > resolution) suspended += gained;
      lastBefore = before;
      lastWall = wallTime;
      lastUptime = up;
      return after + suspended;
    },
    wall,
  };
}

let shared: Clock | undefined;

/** The default clock; one for all elections of a process. */
export function systemClock(): Clock {
  shared ??= monotonicClock();
  return shared;
}
