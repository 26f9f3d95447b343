import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { delayAfter, ReconnectBackoff } from '../../lib/redis/reconnect-backoff.js';

/** Without a random delay. */
beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** An attempt that fails after `ms`. */
function failed(pace: ReconnectBackoff, ms = 0): void {
  pace.begin();
  jest.advanceTimersByTime(ms);
  pace.fail();
}

/** An attempt that succeeds. Its connection is lost after `ms`. */
function lost(pace: ReconnectBackoff, ms: number): void {
  pace.begin();
  pace.succeed();
  jest.advanceTimersByTime(ms);
  pace.fail();
}

describe('delayAfter', () => {
  it('doubles from a second to half a minute, plus up to a fifth', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 99].map(delayAfter)).toEqual(
      [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1_000),
    );
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    expect(delayAfter(1)).toBe(1_100);
  });
});

describe('ReconnectBackoff', () => {
  it('is short without failures', () => {
    const pace = new ReconnectBackoff();
    expect([pace.wait, pace.leastWait]).toEqual([50, 50]);
    pace.begin();
    expect(pace.wait).toBe(50);
  });

  it('grows with each failure, from the start of the attempt', () => {
    const pace = new ReconnectBackoff();
    failed(pace);
    expect([pace.wait, pace.leastWait]).toEqual([1_000, 1_000]);
    failed(pace, 300);
    expect([pace.wait, pace.leastWait]).toEqual([1_700, 700]);
    jest.advanceTimersByTime(60_000);
    expect([pace.wait, pace.leastWait]).toEqual([50, 50]);
  });

  it('is short after a connection of a second, and counts a shorter one as a failure', () => {
    const pace = new ReconnectBackoff();
    failed(pace);
    lost(pace, 999);
    expect(pace.wait).toBe(2_000 - 999);
    lost(pace, 1_000);
    expect(pace.wait).toBe(50);
  });

  it('counts a failed attempt after a long connection as a failure', () => {
    const pace = new ReconnectBackoff();
    lost(pace, 1_000);
    failed(pace, 5_000);
    failed(pace);
    expect(pace.wait).toBe(2_000);
  });
});
