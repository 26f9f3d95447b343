import { describe, expect, it } from '@jest/globals';
import { best, figureText, ratioText, type Table, tableLines } from '../../bench/report/table.js';

const table: Table = {
  title: 'ten candidates',
  columns: [
    { title: 'median ms', digits: 2, compared: true },
    { title: 'count', digits: 0 },
  ],
  rows: [
    { id: 'rx-leader', figures: [3, 12] },
    { id: 'floor-all', figures: [1.5, 10] },
    { id: 'floor-one', figures: [2, 10] },
    { id: 'redlock-5', figures: [600, 1_234] },
    { id: 'redis-semaphore', figures: [undefined, 3] },
    { id: 'redis-leader', missing: 'nobody led within 15 s' },
  ],
};

describe('a table of the benchmark', () => {
  it('sets everybody against the best floor and the best rival', () => {
    expect(tableLines(table)).toEqual([
      'ten candidates',
      '                          median ms  /floor   /rival  count',
      '  rx-leader                    3.00    2.0x  0.0050x     12',
      '  bare socket, all woken       1.50    1.0x  0.0025x     10',
      '  bare socket, one woken       2.00    1.3x  0.0033x     10',
      '  redlock 5.0.0-beta.2       600.00    400x     1.0x  1 234',
      '  redis-semaphore                 –       –        –      3',
      '  redis-leader            nobody led within 15 s',
    ]);
  });

  it('knows the best of a kind, and that there may be none', () => {
    expect(best(table, 0, 'floor')).toBe(1.5);
    expect(best(table, 1, 'rival')).toBe(3);
    expect(best({ ...table, rows: [] }, 0, 'rival')).toBeUndefined();
  });
});

describe('a figure', () => {
  it.each([
    [undefined, 2, '–'],
    [0, 0, '0'],
    [1_234_567.891, 2, '1 234 567.89'],
    [0.123456, 4, '0.1235'],
    [-1_234, 0, '-1 234'],
  ])('%p with %p digits reads %p', (figure, digits, expected) => {
    expect(figureText(figure, digits)).toBe(expected);
  });
});

describe('a ratio', () => {
  it.each([
    [3, 2, '1.5x'],
    [2, 2, '1.0x'],
    [1, 1_000, '0.0010x'],
    [45_678, 2, '22 839x'],
    [99.9, 1, '100x'],
    [0, 5, '0.0x'],
    [1, 0, '–'],
    [1, undefined, '–'],
    [undefined, 1, '–'],
    [-1, 2, '–'],
  ])('of %p to %p reads %p', (figure, base, expected) => {
    expect(ratioText(figure, base)).toBe(expected);
  });
});
