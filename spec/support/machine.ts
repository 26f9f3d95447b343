import { monotonicClock } from '../../lib/clock/clock.js';

/**
 * A machine whose clocks a spec moves by hand. Reading one takes no time unless `onUptime` lets
 * time pass.
 */
export class Machine {
  monotonic = 5_000;
  wall = 1_000_000.5;
  uptime = 90_000;
  /** ms by which `uptime` reads wrong. */
  error = 0;
  /** Number of reads of the uptime. */
  reads = 0;
  onUptime = () => {};
  readonly clock;

  /** `resolution` is what the clock assumes, `step` what the uptime shows. */
  constructor(resolution: number, reuseFor = 0, step = resolution, uptime = 90_000) {
    this.uptime = uptime;
    this.clock = monotonicClock({
      monotonic: () => this.monotonic,
      wall: () => Math.floor(this.wall),
      uptime: () => {
        this.reads += 1;
        const uptime = Math.floor((this.uptime + this.error) / step) * step;
        this.onUptime();
        return uptime;
      },
      resolution,
      reuseFor,
    });
  }

  run(ms: number): void {
    this.monotonic += ms;
    this.wall += ms;
    this.uptime += ms;
  }

  /** Runs for `ms`, and reads the clock every `every` ms. */
  live(ms: number, every: number): void {
    for (let passed = 0; passed < ms; passed += every) {
      this.run(every);
      this.clock.now();
    }
  }

  /** The monotonic clock stops, as on Linux. */
  suspend(ms: number): void {
    this.wall += ms;
    this.uptime += ms;
  }
}
