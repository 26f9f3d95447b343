import { afterEach, describe, expect, it } from '@jest/globals';
import { config, VirtualTimeScheduler } from 'rxjs';
import { LONGEST_TIMER } from '../../lib/core/settings.js';
import { suspendDetectorOf } from '../../lib/stream/suspend-detector.js';
import { type Entry, timeoutWheelOf, timerWheelOf } from '../../lib/stream/timer-wheel.js';

/** Alarms of one wheel that may be early by 10 ms, and when each has rung. */
function wheel() {
  const scheduler = new VirtualTimeScheduler();
  const clock = { now: () => scheduler.now() };
  const spun = timerWheelOf({}, suspendDetectorOf(clock, scheduler, 1_000), 10);
  const rung: Array<[name: string, at: number, told: number]> = [];
  const set = (name: string, at: number, also = () => {}) => {
    const rider: Entry = {
      bucket: undefined,
      fire(told: number) {
        rung.push([name, scheduler.now(), told]);
        also();
      },
    };
    spun.schedule(at, rider);
    return { takeBack: () => rider.bucket?.remove(rider), set: (later: number) => spun.schedule(later, rider) };
  };
  return { scheduler, rung, set };
}

afterEach(() => {
  config.onUnhandledError = null;
});

describe('a wheel', () => {
  it('rings one that is alone when it is due', () => {
    const { scheduler, rung, set } = wheel();
    set('a', 25);
    scheduler.flush();
    expect(rung).toEqual([['a', 25, 25]]);
  });

  it('rings those together that are due at about the same time, when the first of them is', () => {
    const { scheduler, rung, set } = wheel();
    for (const [name, at] of [
      ['late', 29],
      ['next', 31],
      ['first', 21],
      ['middle', 25],
    ] as const) {
      set(name, at);
    }
    scheduler.flush();
    expect(rung).toEqual([
      ['late', 21, 21],
      ['first', 21, 21],
      ['middle', 21, 21],
      ['next', 31, 31],
    ]);
  });

  it('asks for no timer that is longer than any: by Node it would ring at once', () => {
    const { scheduler, set } = wheel();
    set('a', LONGEST_TIMER + 5);
    expect(scheduler.actions.map(({ delay }) => delay)).toContain(LONGEST_TIMER);
    expect(scheduler.actions.map(({ delay }) => delay)).not.toContain(LONGEST_TIMER + 5);
  });

  it('rings nothing that was taken back, and has no timer left for it', () => {
    const { scheduler, rung, set } = wheel();
    const [a, b] = [set('a', 21), set('b', 23)];
    a.takeBack();
    b.takeBack();
    expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
    set('c', 24);
    scheduler.flush();
    expect(rung).toEqual([['c', 24, 24]]);
  });

  it('takes back what another that rings before it takes back, and rings again what is set anew', () => {
    const { scheduler, rung, set } = wheel();
    set('a', 21, () => {
      b.takeBack();
      if (rung.length === 1) set('a again', 22);
    });
    const b = set('b', 22);
    scheduler.flush();
    expect(rung).toEqual([
      ['a', 21, 21],
      ['a again', 22, 22],
    ]);
  });

  it('rings many in parts, each in a turn of its own, and nothing of a later part that was taken back', () => {
    const { scheduler, rung, set } = wheel();
    const alarms = Array.from({ length: 600 }, (_, i) => set(String(i), 25, () => alarms[599 - i]?.takeBack()));
    const turns: number[] = [];
    for (let action = scheduler.actions[0]; action; action = scheduler.actions[0]) {
      scheduler.maxFrames = 25;
      const before = rung.length;
      scheduler.actions.shift();
      action.execute(action.state, 0);
      turns.push(rung.length - before);
    }
    expect(turns).toEqual([256, 44]);
    expect(rung.map(([name]) => Number(name))).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('rings once for one that was taken back and set again to about the same time', () => {
    const { scheduler, rung, set } = wheel();
    const alarm = set('a', 23);
    alarm.takeBack();
    alarm.set(22);
    set('b', 24);
    scheduler.flush();
    expect(rung).toEqual([
      ['a', 22, 22],
      ['b', 22, 22],
    ]);
  });

  it('rings for others, too, where one of them throws, which is reported as RxJS does', async () => {
    const reported = new Promise((resolve) => {
      config.onUnhandledError = resolve;
    });
    const { scheduler, rung, set } = wheel();
    const failure = new Error('a bug');
    set('a', 25, () => {
      throw failure;
    });
    set('b', 25);
    scheduler.flush();
    expect(rung).toEqual([
      ['a', 25, 25],
      ['b', 25, 25],
    ]);
    expect(await reported).toBe(failure);
  });

  it('is one for all that share a store and a vigil, and no other', () => {
    const [store, clock, scheduler] = [{}, { now: () => 0 }, new VirtualTimeScheduler()];
    const vigil = suspendDetectorOf(clock, scheduler, 1_000);
    for (const wheel of [timerWheelOf, timeoutWheelOf]) {
      const one = wheel(store, vigil, 10);
      expect(wheel(store, suspendDetectorOf(clock, scheduler, 1_000), 10)).toBe(one);
      expect(wheel({}, vigil, 10)).not.toBe(one);
      expect(wheel(store, suspendDetectorOf({ now: () => 0 }, scheduler, 1_000), 10)).not.toBe(one);
      expect(wheel(store, suspendDetectorOf(clock, new VirtualTimeScheduler(), 1_000), 10)).not.toBe(one);
      expect(wheel(store, suspendDetectorOf(clock, scheduler, 2_000), 10)).not.toBe(one);
      expect(wheel(store, vigil, 20)).not.toBe(one);
    }
    expect(timerWheelOf(store, vigil, 10)).not.toBe(timeoutWheelOf(store, vigil, 10));
  });
});
