import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Clock, fakeableClock } from '../../lib/clock/clock.js';

/** A clock whose real time a spec sets by hand. */
let real = 0;
let clock: Clock;

type FakeTimersConfig = NonNullable<Parameters<typeof jest.useFakeTimers>[0]>;

beforeEach(() => {
  real = 5_000;
  clock = fakeableClock({ now: () => real });
});

afterEach(() => {
  jest.useRealTimers();
});

/** ms that pass by the clock while `act` runs. */
function passing(act: () => void): number {
  const before = clock.now();
  act();
  return clock.now() - before;
}

const pause = (ms: number) => {
  real += ms;
};

describe('a clock under fake timers', () => {
  it.each([
    ['everything that Jest fakes', {}],
    ['timers without performance', { doNotFake: ['performance', 'hrtime'] }],
    ['timers alone', { doNotFake: ['performance', 'hrtime', 'Date'] }],
  ] satisfies Array<[string, FakeTimersConfig]>)('follows fake time and ignores real pauses: %s', (_, config) => {
    jest.useFakeTimers(config);
    expect(passing(() => jest.advanceTimersByTime(1_234))).toBe(1_234);
    expect(passing(() => pause(2_000))).toBe(0);
    expect(passing(() => jest.advanceTimersByTime(10))).toBe(10);
  });

  it('does not jump when fake time replaces real time, or the reverse', () => {
    clock.now();
    pause(300);
    expect(passing(() => jest.useFakeTimers({ now: 0 }))).toBe(0);
    pause(70_000);
    jest.advanceTimersByTime(40);
    expect(passing(() => jest.useRealTimers())).toBe(0);
    expect(passing(() => pause(5))).toBe(5);
  });

  it('does not jump when other fake timers are installed, or the same are reset', () => {
    jest.useFakeTimers({ now: 1_000_000 });
    jest.advanceTimersByTime(500);
    expect(passing(() => jest.useFakeTimers({ now: 0 }))).toBe(0);
    expect(passing(() => jest.advanceTimersByTime(500))).toBe(500);
    expect(passing(() => jest.clearAllTimers())).toBe(0);
    expect(passing(() => jest.advanceTimersByTime(500))).toBe(500);
  });

  it('ignores changes of a fake wall clock', () => {
    jest.useFakeTimers();
    expect(passing(() => jest.setSystemTime(Date.now() + 3_600_000))).toBe(0);
  });

  it('follows real time if everything is faked except the timers of RxJS', () => {
    jest.useFakeTimers({ doNotFake: ['setInterval', 'clearInterval'] });
    expect(passing(() => jest.advanceTimersByTime(1_234))).toBe(0);
    expect(passing(() => pause(2_000))).toBe(2_000);
  });
});
