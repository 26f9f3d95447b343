import { describe, expect, it } from '@jest/globals';
import { laneOf, type Sign } from '../../../scripts/drawing/lane.js';

const looks = (signs: readonly Sign[]) => laneOf(signs, 1_000).map(({ look, from, to }) => [look, from, to]);
const role = (at: number, role: 'leader' | 'follower' | 'error'): Sign => ({ kind: 'role', at, by: 'a', role });
const state = (at: number, state: Extract<Sign, { kind: 'process' }>['state']): Sign => ({
  kind: 'process',
  at,
  by: 'a',
  state,
});

describe('laneOf', () => {
  it('takes a process that is awake again for what it was before, until it says otherwise', () => {
    const signs = [role(0, 'error'), state(100, 'stopped'), state(600, 'awake'), role(700, 'follower')];
    expect(looks(signs)).toEqual([
      ['error', 0, 100],
      ['stopped', 100, 600],
      ['error', 600, 700],
      ['follower', 700, 1_000],
    ]);
  });

  it('waits for the word of one that is only continued', () => {
    const signs = [role(0, 'leader'), state(100, 'stopped'), state(600, 'continued'), role(605, 'follower')];
    expect(looks(signs)).toEqual([
      ['leader', 0, 100],
      ['stopped', 100, 605],
      ['follower', 605, 1_000],
    ]);
  });

  it('sorts what it is given, and fills the time before it', () => {
    expect(looks([role(500, 'follower'), role(200, 'error')])).toEqual([
      ['gone', 0, 200],
      ['error', 200, 500],
      ['follower', 500, 1_000],
    ]);
  });
});
