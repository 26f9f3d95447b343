import { afterEach, describe, expect, it } from '@jest/globals';
import { config, VirtualTimeScheduler } from 'rxjs';
import { LONGEST_TIMER } from '../../lib/core/settings.js';
import { suspendDetectorOf } from '../../lib/stream/suspend-detector.js';
import { type Entry, timeoutWheelOf, timerWheelOf } from '../../lib/stream/timer-wheel.js';

/** Timers of one wheel that may be early by 10 ms, and when each fired. */
function wheel() {
  const scheduler = new VirtualTimeScheduler();
  const clock = { now: () => scheduler.now() };
  const timers = timerWheelOf({}, suspendDetectorOf(clock, scheduler, 1_000), 10);
  const fired: Array<[name: string, at: number, now: number]> = [];
  const set = (name: string, at: number, andThen = () => {}) => {
    const entry: Entry = {
      bucket: undefined,
      fire(now: number) {
        fired.push([name, scheduler.now(), now]);
        andThen();
      },
    };
    timers.schedule(at, entry);
    return { cancel: () => entry.bucket?.remove(entry), set: (later: number) => timers.schedule(later, entry) };
  };
  return { scheduler, fired, set };
}

afterEach(() => {
  config.onUnhandledError = null;
});

describe('a timer wheel', () => {
  it('fires a lone timer when it is due', () => {
    const { scheduler, fired, set } = wheel();
    set('a', 25);
    scheduler.flush();
    expect(fired).toEqual([['a', 25, 25]]);
  });

  it('fires timers together that are due at about the same time, when the first is due', () => {
    const { scheduler, fired, set } = wheel();
    for (const [name, at] of [
      ['late', 29],
      ['next', 31],
      ['first', 21],
      ['middle', 25],
    ] as const) {
      set(name, at);
    }
    scheduler.flush();
    expect(fired).toEqual([
      ['late', 21, 21],
      ['first', 21, 21],
      ['middle', 21, 21],
      ['next', 31, 31],
    ]);
  });

  it('sets no timer longer than the longest, which Node would fire at once', () => {
    const { scheduler, set } = wheel();
    set('a', LONGEST_TIMER + 5);
    expect(scheduler.actions.map(({ delay }) => delay)).toContain(LONGEST_TIMER);
    expect(scheduler.actions.map(({ delay }) => delay)).not.toContain(LONGEST_TIMER + 5);
  });

  it('does not fire a cancelled timer, and keeps no timer for it', () => {
    const { scheduler, fired, set } = wheel();
    const [a, b] = [set('a', 21), set('b', 23)];
    a.cancel();
    b.cancel();
    expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
    set('c', 24);
    scheduler.flush();
    expect(fired).toEqual([['c', 24, 24]]);
  });

  it('does not fire a timer that an earlier one cancelled, and fires one that was set again', () => {
    const { scheduler, fired, set } = wheel();
    set('a', 21, () => {
      b.cancel();
      if (fired.length === 1) set('a again', 22);
    });
    const b = set('b', 22);
    scheduler.flush();
    expect(fired).toEqual([
      ['a', 21, 21],
      ['a again', 22, 22],
    ]);
  });

  it('fires many timers in batches, each in its own turn, without those cancelled in between', () => {
    const { scheduler, fired, set } = wheel();
    const timers = Array.from({ length: 600 }, (_, i) => set(String(i), 25, () => timers[599 - i]?.cancel()));
    const turns: number[] = [];
    for (let action = scheduler.actions[0]; action; action = scheduler.actions[0]) {
      scheduler.maxFrames = 25;
      const before = fired.length;
      scheduler.actions.shift();
      action.execute(action.state, 0);
      turns.push(fired.length - before);
    }
    expect(turns).toEqual([256, 44]);
    expect(fired.map(([name]) => Number(name))).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('fires once for a timer that was cancelled and set again to about the same time', () => {
    const { scheduler, fired, set } = wheel();
    const timer = set('a', 23);
    timer.cancel();
    timer.set(22);
    set('b', 24);
    scheduler.flush();
    expect(fired).toEqual([
      ['a', 22, 22],
      ['b', 22, 22],
    ]);
  });

  it('fires the others if one throws, and reports the error as RxJS does', async () => {
    const reported = new Promise((resolve) => {
      config.onUnhandledError = resolve;
    });
    const { scheduler, fired, set } = wheel();
    const failure = new Error('a bug');
    set('a', 25, () => {
      throw failure;
    });
    set('b', 25);
    scheduler.flush();
    expect(fired).toEqual([
      ['a', 25, 25],
      ['b', 25, 25],
    ]);
    expect(await reported).toBe(failure);
  });

  it('is shared by all with the same store and detector, and by no others', () => {
    const [store, clock, scheduler] = [{}, { now: () => 0 }, new VirtualTimeScheduler()];
    const detector = suspendDetectorOf(clock, scheduler, 1_000);
    for (const wheel of [timerWheelOf, timeoutWheelOf]) {
      const one = wheel(store, detector, 10);
      expect(wheel(store, suspendDetectorOf(clock, scheduler, 1_000), 10)).toBe(one);
      expect(wheel({}, detector, 10)).not.toBe(one);
      expect(wheel(store, suspendDetectorOf({ now: () => 0 }, scheduler, 1_000), 10)).not.toBe(one);
      expect(wheel(store, suspendDetectorOf(clock, new VirtualTimeScheduler(), 1_000), 10)).not.toBe(one);
      expect(wheel(store, suspendDetectorOf(clock, scheduler, 2_000), 10)).not.toBe(one);
      expect(wheel(store, detector, 20)).not.toBe(one);
    }
    expect(timerWheelOf(store, detector, 10)).not.toBe(timeoutWheelOf(store, detector, 10));
  });
});
