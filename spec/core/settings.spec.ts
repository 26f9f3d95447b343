import { describe, expect, it } from '@jest/globals';
import { backoff, earliness, guard, LONGEST_TIMER, lifetime } from '../../lib/core/settings.js';

describe('lifetime', () => {
  it('is ttl × (1 − ρ) / (1 + ρ) − ε − guard, with ρ = 1 %, ε = 2 ms and a guard of 5 %', () => {
    expect(lifetime(2_020)).toBeCloseTo((2_020 * 0.99) / 1.01 - 2 - 101, 9);
    expect(lifetime(10_000)).toBeCloseTo(9_299.98, 2);
    expect(lifetime(100)).toBeCloseTo(91.02, 2);
  });

  it('ends by the slowest own clock before the lease ends by the fastest store clock (G2)', () => {
    for (const ttl of [100, 999, 10_000, 3_600_000]) {
      // Own clock 1 % slow: `lifetime` takes longer than it says. Store 1 % fast: the lease is
      // shorter than it says.
      const ownEnd = lifetime(ttl) / 0.99;
      const leaseEnd = ttl / 1.01;
      expect(leaseEnd - ownEnd).toBeGreaterThanOrEqual(guard(ttl));
    }
  });
});

describe('guard', () => {
  it('is 5 % of the ttl', () => {
    expect(guard(2_000)).toBe(100);
  });
});

describe('earliness', () => {
  it('is a thirty-second of renewEvery, or an eighth of a timeout where that is less', () => {
    expect(earliness({ renewEvery: 320, timeout: 100 })).toBe(10);
    expect(earliness({ renewEvery: 640, timeout: 100 })).toBe(12.5);
  });
});

describe('backoff', () => {
  it('is a quarter of the timeout', () => {
    expect(backoff(100)).toBe(25);
  });
});

describe('LONGEST_TIMER', () => {
  it('is the longest delay of a Node timer', () => {
    expect(LONGEST_TIMER).toBe(2_147_483_647);
  });
});
