import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { delayAfter, ReconnectBackoff } from '../../lib/redis/reconnect-backoff.js';

/** No random delay in what follows. */
beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** One attempt that takes `ms` and comes to nothing. */
function failed(pace: ReconnectBackoff, ms = 0): void {
  pace.begin();
  jest.advanceTimersByTime(ms);
  pace.fail();
}

/** One that succeeds, and what came of it is lost after `ms`. */
function lost(pace: ReconnectBackoff, ms: number): void {
  pace.begin();
  pace.succeed();
  jest.advanceTimersByTime(ms);
  pace.fail();
}

describe('pauseAfter', () => {
  it('doubles from a second to half a minute, and is longer by up to a fifth', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 99].map(delayAfter)).toEqual(
      [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1_000),
    );
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    expect(delayAfter(1)).toBe(1_100);
  });
});

describe('Pace', () => {
  it('is quick where nothing has failed', () => {
    const pace = new ReconnectBackoff();
    expect([pace.wait, pace.leastWait]).toEqual([50, 50]);
    pace.begin();
    expect(pace.wait).toBe(50);
  });

  it('slows down with each failure, counted from the beginning of the attempt', () => {
    const pace = new ReconnectBackoff();
    failed(pace);
    expect([pace.wait, pace.leastWait]).toEqual([1_000, 1_000]);
    failed(pace, 300);
    expect([pace.wait, pace.leastWait]).toEqual([1_700, 700]);
    jest.advanceTimersByTime(60_000);
    expect([pace.wait, pace.leastWait]).toEqual([50, 50]);
  });

  it('has back at once what lasted for a second, and takes for a failure what did not', () => {
    const pace = new ReconnectBackoff();
    failed(pace);
    lost(pace, 999);
    expect(pace.wait).toBe(2_000 - 999);
    lost(pace, 1_000);
    expect(pace.wait).toBe(50);
  });

  it('does not take for lasting what failed after an attempt that lasted', () => {
    const pace = new ReconnectBackoff();
    lost(pace, 1_000);
    failed(pace, 5_000);
    failed(pace);
    expect(pace.wait).toBe(2_000);
  });
});
