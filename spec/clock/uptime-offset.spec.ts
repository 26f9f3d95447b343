import { describe, expect, it } from '@jest/globals';
import { Machine } from '../support/machine.js';

/** A machine whose uptime shows steps of `step` ms, while its clock expects steps of 10 ms. */
const coarse = (step: number, uptime = 90_000) => new Machine(10, 0, step, uptime);

/** ms that the clock of `machine` gained on its monotonic clock while `live` ran. */
function counted(machine: Machine, live: () => void): number {
  const ahead = () => machine.clock.now() - machine.monotonic;
  const before = ahead();
  live();
  return ahead() - before;
}

describe('an uptime coarser than expected', () => {
  const steps = [10, 16, 100, 250, 1_000, 2_000, 5_000, 60_000];
  const intervals = [7, 25, 99.7, 250, 500, 1_000, 1_001, 2_500];

  it.each(steps)('is no suspension if it steps by %d ms, however often it is read', (step) => {
    for (const every of intervals) {
      for (const start of [0.1, 0.5, 0.93]) {
        const machine = coarse(step, 60_000 + start * step);
        const live = () => machine.live(2.2 * step + 100 * every, every);
        expect([every, start, counted(machine, live)]).toEqual([every, start, 0]);
      }
    }
  });

  it('is no suspension if it becomes coarse later', () => {
    let step = 10;
    const machine = new Machine(10, 0, 1);
    const live = () => {
      for (let i = 0; i < 2_000; i += 1) {
        if (i === 1_000) step = 1_000;
        machine.run(50);
        machine.error = -(machine.uptime % step);
        machine.clock.now();
      }
    };
    expect(counted(machine, live)).toBe(0);
  });

  it.each([2_000, 5_500, 3_600_000])('shows a suspension of %d ms at the first reading (G2)', (ms) => {
    for (const start of [0, 0.2, 0.5, 0.999]) {
      const machine = coarse(1_000, 90_000 + start * 1_000);
      machine.run(70);
      expect([start, counted(machine, () => machine.suspend(ms))]).toEqual([start, ms]);
    }
  });

  it.each([100, 400, 900, 1_100])('shows a suspension of %d ms within a second', (ms) => {
    const machine = coarse(1_000, 90_330);
    machine.live(3_000, 25);
    const live = () => {
      machine.suspend(ms);
      machine.live(1_000, 25);
    };
    expect(counted(machine, live)).toBe(ms);
  });

  it('is no suspension if the wall clock is set forward', () => {
    const machine = coarse(1_000);
    const live = () => {
      machine.live(3_300, 25);
      machine.wall += 700;
      machine.live(10_000, 25);
    };
    expect(counted(machine, live)).toBe(0);
  });

  it('shows a suspension at the first reading if only the first reading was a whole second', () => {
    const machine = coarse(10);
    expect(counted(machine, () => machine.suspend(20))).toBe(20);
  });
});

describe('a wrong uptime', () => {
  const steps = [10, 1_000];

  it.each(steps)('is no suspension if it drops and comes back, at steps of %d ms', (step) => {
    for (const lasting of [10, 1_500, 60_000]) {
      const machine = coarse(step);
      const live = () => {
        machine.live(5_000, 25);
        machine.error = -2_000;
        machine.live(lasting, 25);
        machine.error = 0;
        machine.live(10_000, 25);
      };
      expect([lasting, counted(machine, live)]).toEqual([lasting, 0]);
    }
  });

  it.each(steps)('is no suspension if it jumps up and comes back, at steps of %d ms', (step) => {
    for (const error of [2_000, 60_000, 86_400_000]) {
      const machine = coarse(step);
      const live = () => {
        machine.live(5_000, 25);
        machine.error = error;
        machine.live(1_500, 25);
        machine.error = 0;
        machine.live(10_000, 25);
      };
      expect([error, counted(machine, live)]).toEqual([error, 0]);
    }
  });

  it.each([-2_000, 2_000, -60_000])('is no suspension if the first readings are wrong, by %d ms', (error) => {
    for (const lasting of [0, 25, 1_500]) {
      const machine = coarse(10, 90_000 + error);
      machine.live(lasting, 25);
      machine.uptime -= error;
      expect([lasting, counted(machine, () => machine.live(10_000, 25))]).toEqual([lasting, 0]);
      expect([lasting, counted(machine, () => machine.suspend(5_000))]).toEqual([lasting, 5_000]);
    }
  });

  it('is no suspension if each reading is wrong in a different way', () => {
    const machine = coarse(10);
    const live = () => {
      for (let i = 0; i < 1_000; i += 1) {
        machine.error = i % 2 === 0 ? 0 : 10_000 * ((i * 7) % 13);
        machine.live(50, 50);
      }
    };
    expect(counted(machine, live)).toBe(0);
  });

  it('does not hide a suspension, which counts at the first reading both during and after the error (G2)', () => {
    for (const error of [-2_000, 2_000, -86_400_000, 86_400_000]) {
      const machine = coarse(10);
      machine.live(5_000, 25);
      machine.error = error;
      machine.live(1_000, 25);
      expect([error, counted(machine, () => machine.suspend(5_000))]).toEqual([error, 5_000]);
      const live = () => {
        machine.live(500, 25);
        machine.error = 0;
        machine.live(10_000, 25);
      };
      expect([error, counted(machine, live)]).toEqual([error, 0]);
      expect([error, counted(machine, () => machine.suspend(5_000))]).toEqual([error, 5_000]);
    }
  });

  it('counts after three seconds if it stays higher', () => {
    const machine = coarse(10);
    machine.live(5_000, 25);
    machine.error = 4_000;
    expect(counted(machine, () => machine.live(2_975, 25))).toBe(0);
    const late = counted(machine, () => machine.live(50, 25));
    expect(late).toBeGreaterThanOrEqual(4_000);
    expect(late).toBeLessThan(4_020);
    expect(counted(machine, () => machine.live(60_000, 25))).toBe(0);
  });
});
