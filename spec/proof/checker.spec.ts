import { describe, expect, it } from '@jest/globals';
import { type Line, type Log, violations } from '../../proof/checker.js';

/** Forged logs: a claim that was true at one known instant, a role told at one. */
const claim = (at: number, token?: number): Line => ({
  kind: 'claim',
  from: at,
  to: at,
  by: 'isLeading',
  ...(token !== undefined && { token }),
});
const role = (at: number, told: 'leader' | 'follower' | 'error'): Line => ({ kind: 'role', at, role: told });
const log = (who: string, ...lines: Line[]): Log => ({ who, lines });
const rules = (...logs: Log[]) => violations(logs).map(({ rule }) => rule);

describe('the checker of claims', () => {
  it('accepts terms that follow one another', () => {
    expect(rules(log('a', claim(0, 1), claim(10, 1)), log('b', claim(11, 2), claim(20, 2)))).toEqual([]);
    expect(rules(log('a', claim(0, 1), claim(10, 1), claim(30, 3)), log('b', claim(11, 2), claim(20, 2)))).toEqual([]);
  });

  it('objects to two that claim at one instant', () => {
    const [a, b] = [log('a', claim(0, 1), claim(10, 1)), log('b', claim(10, 2), claim(20, 2))];
    expect(rules(a, b)).toContain('two leaders');
    expect(rules(b, a)).toContain('two leaders');
    expect(rules(log('a', claim(0), claim(10)), log('b', claim(5), claim(20)))).toEqual(['two leaders']);
  });

  it('takes a claim to go on from sample to sample', () => {
    expect(rules(log('a', claim(0, 1), claim(30, 1)), log('b', claim(10, 2), claim(20, 2)))).toContain('two leaders');
  });

  it('objects to an older token at or after a newer one, whoever claims it', () => {
    expect(rules(log('a', claim(50, 1)), log('b', claim(10, 2), claim(20, 2)))).toEqual(['older token after newer']);
    expect(rules(log('a', claim(10, 2), claim(20, 2), claim(50, 1)))).toEqual(['older token after newer']);
    expect(rules(log('a', claim(20, 1)), log('b', claim(20, 2)))).toContain('older token after newer');
  });

  it('objects to one token claimed by two', () => {
    expect(rules(log('a', claim(0, 1)), log('b', claim(10, 1)))).toEqual(['same token twice']);
  });

  it('compares holders without a token by their time alone', () => {
    expect(rules(log('a', claim(0), claim(5)), log('b', claim(6, 7)))).toEqual([]);
    expect(rules(log('a', claim(0), claim(9)), log('b', claim(6, 7)))).toEqual(['two leaders']);
  });

  it('holds nothing against a claim that may have been true in time', () => {
    const stopped: Line = { kind: 'claim', from: 10, to: 99, token: 1, by: 'isLeading' };
    expect(rules(log('a', claim(0, 1), stopped), log('b', claim(11, 2), claim(20, 2)))).toEqual([]);
    expect(rules(log('a', stopped), log('b', claim(11, 2), claim(20, 2)))).toEqual([]);
  });

  it('takes logs for those of different candidates, also where they share a name', () => {
    expect(rules(log('a', role(0, 'follower')), log('a', role(1, 'follower')))).toEqual([]);
    expect(rules(log('a', claim(0, 1)), log('a', claim(10, 1)))).toEqual(['same token twice']);
    expect(rules(log('a', claim(0), claim(10)), log('a', claim(5), claim(20)))).toEqual(['two leaders']);
  });

  it('counts work as a claim', () => {
    const work: Line = { kind: 'claim', from: 12, to: 12, token: 1, by: 'work' };
    expect(rules(log('a', claim(0, 1), work), log('b', claim(11, 2)))).toContain('older token after newer');
  });

  it.each([
    ['leader', 'leader'],
    ['leader', 'error'],
    ['follower', 'follower'],
    ['error', 'error'],
  ] as const)('objects to %s and then %s', (first, second) => {
    expect(rules(log('a', role(0, first), role(1, second)))).toEqual(['order of roles']);
  });

  it('accepts any role at the beginning, and after the candidate left', () => {
    expect(rules(log('a', role(0, 'error'), role(1, 'leader'), role(2, 'follower'), role(3, 'leader')))).toEqual([]);
    expect(rules(log('a', role(0, 'follower'), { kind: 'left', at: 1 }, role(2, 'follower')))).toEqual([]);
  });

  describe('of one that was stopped', () => {
    const woken = (...lines: Line[]): Log => ({
      who: 'a',
      lines: [role(0, 'leader'), claim(1, 1), ...lines],
      stops: [{ from: 10, to: 50 }],
    });

    it('accepts follower as the first word, and silence', () => {
      expect(rules(woken(role(51, 'follower'), role(52, 'leader'), claim(53, 2)))).toEqual([]);
      expect(rules(woken({ kind: 'idle', from: 50, to: 51 }, role(51, 'follower')))).toEqual([]);
      expect(rules(woken())).toEqual([]);
    });

    it('objects to a claim first', () => {
      expect(rules(woken(claim(51, 1), role(52, 'follower')))).toEqual(['first word on waking']);
    });

    it('objects to another role first', () => {
      expect(rules(woken(role(51, 'error'), role(52, 'follower')))).toContain('first word on waking');
    });

    it('accepts a claim that was being written when it was stopped', () => {
      expect(rules(woken({ kind: 'claim', from: 9, to: 51, token: 1, by: 'isLeading' }, role(52, 'follower')))).toEqual(
        [],
      );
    });
  });
});
