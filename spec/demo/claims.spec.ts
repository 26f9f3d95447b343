import { describe, expect, it } from '@jest/globals';
import { claimsOf, endOf, fallenTokens, overlapsOf } from '../../demo/claims.js';
import type { Entry } from '../../demo/report.js';
import { becomes, no, STORY, term, yes } from './forge.js';

const overlaps = (...entries: Entry[]) => overlapsOf(claimsOf(entries));

describe('claimsOf', () => {
  it('makes one claim of all that a process says of one term', () => {
    expect(claimsOf([yes('alma/1', 10, 7, 900), yes('alma/1', 110, 7, 1_000), no('alma/1', 500)])).toEqual([
      { row: 'alma', by: 'alma/1', token: 7, from: 10, to: 110, until: 1_000, no: 500 },
    ]);
  });

  it('tells terms of one process apart by their tokens, also where the end of the first was never told', () => {
    const claims = claimsOf([yes('alma/1', 10, 7), yes('alma/1', 2_000, 8)]);
    expect(claims.map(({ token, from, to }) => [token, from, to])).toEqual([
      [7, 10, 10],
      [8, 2_000, 2_000],
    ]);
  });

  it('goes by when something was said, not by when it arrived', () => {
    const said = [yes('alma/1', 10, 7), yes('alma/1', 110, 7), no('alma/1', 500), yes('bert/1', 700, 8)];
    expect(claimsOf([...said].reverse())).toEqual(claimsOf(said));
  });
});

describe('endOf', () => {
  const end = (...entries: Entry[]) => endOf(claimsOf(entries)[0] as never);

  it('is the first no of a process that gives up before its time', () => {
    expect(end(yes('alma/1', 0, 1, 900), no('alma/1', 300))).toBe(300);
  });

  it('is the time it had announced, of a process that woke up later than that', () => {
    expect(end(yes('alma/1', 0, 1, 900), no('alma/1', 3_000))).toBe(900);
  });

  it('is the time it had announced, of a process that said nothing more', () => {
    expect(end(yes('alma/1', 0, 1, 900))).toBe(900);
  });

  it('is the last yes of a process that claimed past its own time', () => {
    expect(end(yes('alma/1', 0, 1, 900), yes('alma/1', 3_000, 1, 900), no('alma/1', 3_001))).toBe(3_000);
  });
});

describe('overlapsOf', () => {
  it('sees none in a run as it should be', () => {
    expect(overlaps(...STORY)).toEqual([]);
  });

  it('sees two processes that claim one instant, and for how long', () => {
    const seen = overlaps(...STORY, yes('bert/2', 7_000, 1_004), no('bert/2', 7_250));
    expect(seen.map(({ a, b, from, to }) => [a.by, b.by, from, to])).toEqual([['alma/1', 'bert/2', 7_000, 7_250]]);
  });

  it('sees a single sample inside the term of another', () => {
    const seen = overlaps(
      ...term('alma/1', 0, 1_000, 1),
      no('alma/1', 1_001),
      yes('bert/1', 500, 2),
      no('bert/1', 500),
    );
    expect(seen).toMatchObject([{ from: 500, to: 500 }]);
  });

  it('sees a process that still claims when it wakes up in the term of its successor', () => {
    const asleep = [yes('alma/1', 0, 1, 900), becomes('alma/1', 10, 'stopped'), becomes('alma/1', 2_500, 'continued')];
    const woken = [yes('alma/1', 2_501, 1, 900), no('alma/1', 2_502)];
    const successor = term('bert/1', 1_000, 3_000, 2);
    expect(overlaps(...asleep, no('alma/1', 2_501), ...successor)).toEqual([]);
    expect(overlaps(...asleep, ...woken, ...successor)).toMatchObject([{ from: 1_000, to: 2_501 }]);
  });

  it.each(['stopped', 'dead'] as const)('holds a process that is %s to what it had announced', (state) => {
    const silent = [yes('alma/1', 0, 1, 900), becomes('alma/1', 10, state)];
    expect(overlaps(...silent, yes('bert/1', 901, 2))).toEqual([]);
    expect(overlaps(...silent, yes('bert/1', 899, 2))).toMatchObject([{ from: 899, to: 900 }]);
  });

  it('takes a fresh process in the row of a dead one for another candidate', () => {
    const seen = overlaps(yes('alma/1', 0, 1, 900), becomes('alma/1', 10, 'dead'), yes('alma/2', 500, 2));
    expect(seen).toHaveLength(1);
  });

  it('counts each pair that claims one instant', () => {
    expect(overlaps(yes('alma/1', 0, 1), yes('bert/1', 10, 2), yes('cleo/1', 20, 3))).toHaveLength(3);
  });
});

describe('fallenTokens', () => {
  const tokens = (...list: number[]) =>
    claimsOf(list.map((token, index) => yes(`alma/${index}`, index * 1_000, token)));

  it('finds none where each is above all before', () => {
    expect(fallenTokens(tokens(1, 2, 9))).toEqual([]);
  });

  it('finds one that repeats an earlier token, and one below any earlier one', () => {
    expect(fallenTokens(tokens(5, 5, 9, 7, 10)).map(({ by }) => by)).toEqual(['alma/1', 'alma/3']);
  });
});
