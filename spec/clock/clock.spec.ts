import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { monotonicClock, systemClock } from '../../lib/clock/clock.js';
import { Machine } from '../support/machine.js';

describe('monotonicClock', () => {
  it('follows the monotonic clock', () => {
    const machine = new Machine(10);
    const start = machine.clock.now();
    machine.run(1_234.5);
    expect(machine.clock.now() - start).toBe(1_234.5);
  });

  it('counts the time the machine was suspended, once', () => {
    const machine = new Machine(10);
    const start = machine.clock.now();
    machine.run(1_000);
    machine.suspend(60_000);
    machine.run(500);
    expect(machine.clock.now() - start).toBe(61_500);
    machine.run(500);
    expect(machine.clock.now() - start).toBe(62_000);
    machine.suspend(1_000);
    expect(machine.clock.now() - start).toBe(63_000);
  });

  it('counts a suspension before its first reading', () => {
    const machine = new Machine(10);
    const other = new Machine(10);
    machine.suspend(60_000);
    expect(machine.clock.now() - other.clock.now()).toBe(60_000);
  });

  it.each([10, 2_000])(
    'does not count uptime steps of %d ms as a suspension, however often it is read',
    (resolution) => {
      const machine = new Machine(resolution);
      const start = machine.clock.now();
      let elapsed = 0;
      for (let i = 0; i < 5_000; i += 1) {
        const ms = (i * 7.3) % 31;
        machine.run(ms);
        elapsed += ms;
        machine.clock.now();
      }
      expect(machine.clock.now() - start).toBeCloseTo(elapsed, 3);
    },
  );

  it('does not count slow drift between uptime and monotonic clock as a suspension', () => {
    const machine = new Machine(10);
    const start = machine.clock.now();
    for (let i = 0; i < 10_000; i += 1) {
      machine.run(100);
      machine.uptime += 0.05; // 500 ppm
      machine.clock.now();
    }
    expect(machine.clock.now() - start).toBe(1_000_000);
  });

  it('does not count preemption between its readings as a suspension, and counts the time once', () => {
    const machine = new Machine(10);
    const start = machine.clock.now();
    machine.run(100);
    let preempted = false;
    machine.onUptime = () => {
      // Once, between the uptime and the second monotonic reading.
      if (!preempted) machine.run(700);
      preempted = true;
    };
    expect(machine.clock.now() - start).toBe(800);
    machine.run(100);
    expect(machine.clock.now() - start).toBe(900);
  });

  it('does not count preemption before the uptime reading as a suspension', () => {
    let monotonic = 0;
    let uptime = 0;
    let late = false;
    const clock = monotonicClock({
      monotonic: () => {
        const reading = monotonic;
        if (late) {
          late = false;
          monotonic += 700;
          uptime += 700;
        }
        return reading;
      },
      wall: () => uptime,
      uptime: () => uptime,
      resolution: 10,
      reuseFor: 0,
    });
    const start = clock.now();
    late = true;
    expect(clock.now() - start).toBe(700);
    expect(clock.now() - start).toBe(700);
  });

  it('never goes back, even if the uptime does', () => {
    const machine = new Machine(10);
    machine.suspend(10_000);
    const before = machine.clock.now();
    machine.uptime -= 50_000;
    machine.run(1);
    expect(machine.clock.now() - before).toBe(1);
  });

  it('returns the wall time', () => {
    const machine = new Machine(10);
    expect(machine.clock.wall?.()).toBe(1_000_000);
  });
});

describe('a monotonicClock that reuses readings', () => {
  it('reads the uptime once in ten ms, however often the clock is read', () => {
    const machine = new Machine(1, 10);
    const start = machine.clock.now();
    let elapsed = 0;
    for (let i = 0; i < 1_000; i += 1) {
      machine.run(0.1);
      elapsed += 0.1;
      expect(machine.clock.now() - start).toBeCloseTo(elapsed, 6);
    }
    expect(machine.reads).toBeGreaterThanOrEqual(9);
    expect(machine.reads).toBeLessThanOrEqual(12);
  });

  it('reads the uptime at once after a suspension, which the wall clock shows', () => {
    const machine = new Machine(1, 10);
    const start = machine.clock.now();
    machine.run(1);
    machine.suspend(60_000);
    expect(machine.clock.now() - start).toBe(60_001);
    machine.run(1);
    expect(machine.clock.now() - start).toBe(60_002);
    expect(machine.reads).toBe(2);
  });

  it('counts a suspension after three seconds if the wall clock was set back by just as much', () => {
    const machine = new Machine(1, 10);
    machine.live(3_000, 10);
    const start = machine.clock.now();
    machine.suspend(60_000);
    machine.wall -= 60_000;
    machine.run(10);
    machine.clock.now();
    machine.run(2_990);
    expect(machine.clock.now() - start).toBe(3_000);
    machine.run(10);
    expect(machine.clock.now() - start).toBeGreaterThanOrEqual(63_010);
    expect(machine.clock.now() - start).toBeLessThan(63_020);
  });

  it.each([-3_600_000, -61_000, -59_000, -500, 3_600_000])(
    'counts a suspension at once if the wall clock was set by another amount meanwhile: %d ms (G2)',
    (step) => {
      const machine = new Machine(1, 10);
      machine.run(10);
      const start = machine.clock.now();
      machine.suspend(60_000);
      machine.wall += step;
      machine.run(10);
      expect(machine.clock.now() - start).toBeGreaterThanOrEqual(60_010);
      expect(machine.clock.now() - start).toBeLessThan(60_020);
    },
  );

  it('ignores changes of the wall clock in both directions', () => {
    const machine = new Machine(1, 10);
    const start = machine.clock.now();
    for (const step of [3_600_000, -7_200_000, 5]) {
      machine.wall += step;
      machine.run(1);
    }
    expect(machine.clock.now() - start).toBe(3);
  });
});

describe('the system readings', () => {
  const actual = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;

  afterEach(() => {
    Object.defineProperty(process, 'platform', actual);
    jest.dontMock('node:os');
    jest.restoreAllMocks();
  });

  /** Returns how many ms of `seconds` of suspension the clock counts on `platform`. */
  function counted(platform: NodeJS.Platform, seconds: number): number {
    let uptime = 1_000;
    jest.spyOn(performance, 'now').mockReturnValue(5_000);
    jest.spyOn(Date, 'now').mockImplementation(() => uptime * 1_000);
    jest.doMock('node:os', () => ({ uptime: () => uptime }));
    Object.defineProperty(process, 'platform', { ...actual, value: platform });
    let ms = Number.NaN;
    jest.isolateModules(() => {
      const { now } = jest
        .requireActual<typeof import('../../lib/clock/clock.js')>('../../lib/clock/clock.js')
        .monotonicClock();
      const start = now();
      uptime += seconds;
      ms = now() - start;
    });
    return Math.round(ms);
  }

  it('have steps of 10 ms on Linux', () => {
    expect([counted('linux', 0.009), counted('linux', 0.02), counted('linux', 60)]).toEqual([0, 20, 60_000]);
  });

  it('have steps of whole seconds elsewhere, so that a suspension below two seconds is not counted', () => {
    expect([counted('darwin', 1), counted('darwin', 3), counted('win32', 1), counted('win32', 60)]).toEqual([
      0, 3_000, 0, 60_000,
    ]);
  });
});

describe('systemClock', () => {
  it('is the same object for all elections of a process, and advances', () => {
    const clock = systemClock();
    expect(systemClock()).toBe(clock);
    const start = clock.now();
    let end = clock.now();
    for (let i = 0; i < 1e6 && end === start; i += 1) end = clock.now();
    expect(end).toBeGreaterThan(start);
  });
});
