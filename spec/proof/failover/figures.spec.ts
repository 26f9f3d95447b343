import { describe, expect, it } from '@jest/globals';
import { type Outcome, outcomeOf, seriesOf } from '../../../proof/failover/figures.js';
import { led } from '../chaos/forge.js';

const STRUCK = 1_000;

describe('the outcome of a repetition', () => {
  it('is nothing where the term outlives the fault', () => {
    expect(outcomeOf([led('a', 1, 0, 5_000), { who: 'b', lines: [] }], STRUCK)).toEqual({
      leaderless: 0,
      nextAfter: undefined,
      overlap: undefined,
      tokensRose: true,
    });
  });

  it('counts from the fault until another term, and without a leader only what nobody claims', () => {
    const outcome = outcomeOf([led('a', 1, 0, 1_800), led('b', 2, 5_000, 8_000)], STRUCK);
    expect(outcome).toEqual({ leaderless: 3_200, nextAfter: 4_000, overlap: undefined, tokensRose: true });
  });

  it('counts a time without a leader from the fault on, where there was none before', () => {
    const outcome = outcomeOf([led('a', 1, 0, 400), led('b', 2, 3_000, 8_000)], STRUCK);
    expect(outcome).toMatchObject({ leaderless: 2_000, nextAfter: 2_000 });
  });

  it('adds up all times without a leader, but those before the fault', () => {
    const logs = [led('a', 1, 0, 200), led('b', 2, 800, 2_000), led('c', 3, 3_000, 4_000), led('a', 4, 4_500, 6_000)];
    expect(outcomeOf(logs, STRUCK)).toMatchObject({ leaderless: 1_500, nextAfter: 2_000 });
  });

  it('finds the longest time that two claimed at once, whoever is heard of first', () => {
    const logs = [led('b', 2, 3_000, 9_000), led('a', 1, 0, 6_000), led('c', 3, 8_900, 9_500)];
    const { overlap, leaderless } = outcomeOf(logs, STRUCK);
    expect(leaderless).toBe(0);
    expect(overlap).toMatchObject({ lasted: 3_000, first: { who: 'a', token: 1 }, second: { who: 'b', token: 2 } });
  });

  it('finds one of a single instant, and none between terms that touch nowhere', () => {
    expect(outcomeOf([led('a', 1, 0, 3_000), led('b', 2, 3_000, 4_000)], STRUCK).overlap?.lasted).toBe(0);
    expect(outcomeOf([led('a', 1, 0, 3_000), led('b', 2, 3_001, 4_000)], STRUCK).overlap).toBeUndefined();
  });

  it.each([
    [[1, 2, 3], true],
    [[1, 3, 2], false],
    [[2, 2, 3], false],
  ])('looks whether tokens rose, in the order in which terms began: %j', (tokens, tokensRose) => {
    const logs = tokens.map((token, index) => led('abc'[index] ?? '', token, index * 2_000, index * 2_000 + 1_000));
    expect(outcomeOf(logs.reverse(), STRUCK)).toMatchObject({ tokensRose });
  });
});

describe('a series', () => {
  const outcome = (facts: Partial<Outcome>): Outcome => ({
    leaderless: 0,
    nextAfter: undefined,
    overlap: undefined,
    tokensRose: true,
    ...facts,
  });
  const span = { who: 'a', token: 1, first: 0, last: 1 };
  const overlap = (lasted: number) => ({ lasted, first: span, second: span });

  it('has the median and the most of what was measured', () => {
    const outcomes = [
      outcome({ leaderless: 900, nextAfter: 1_000, overlap: overlap(40) }),
      outcome({ leaderless: 100, nextAfter: 4_000, tokensRose: false }),
      outcome({ leaderless: 300 }),
      outcome({ leaderless: 200, nextAfter: 2_000, overlap: overlap(20) }),
    ];
    expect(seriesOf(outcomes)).toEqual({
      count: 4,
      leaderless: { median: 250, max: 900 },
      nextAfter: { median: 2_000, max: 4_000 },
      kept: 1,
      overlap: { median: 30, max: 40, count: 2 },
      fell: 1,
    });
  });

  it('has none where nothing was measured', () => {
    expect(seriesOf([])).toEqual({
      count: 0,
      leaderless: undefined,
      nextAfter: undefined,
      kept: 0,
      overlap: undefined,
      fell: 0,
    });
  });
});
