import { describe, expect, it } from '@jest/globals';
import { median, percentile } from '../../bench/statistics.js';

describe('the median', () => {
  it.each([
    [[], undefined],
    [[7], 7],
    [[3, 1], 2],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[100, 9, 20], 20],
  ])('of %j is %p', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('leaves what it is given in its order', () => {
    const values = [3, 1, 2];
    median(values);
    percentile(values, 50);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it.each([
    [hundred, 99, 99],
    [hundred, 100, 100],
    [hundred, 50, 50],
    [hundred, 0, 1],
    [[5, 1], 99, 5],
    [[5, 1], 50, 1],
    [[], 99, undefined],
  ])('of %j at %p is the least value that so many percent do not exceed', (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });
});
