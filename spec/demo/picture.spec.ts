import { describe, expect, it } from '@jest/globals';
import { pictureOf, spansOf } from '../../demo/picture.js';
import type { Entry } from '../../demo/report.js';
import { becomes, closed, fails, follows, leads, no, STORY, started, yes } from './forge.js';

const looks = (name: string, entries: readonly Entry[], now: number) =>
  spansOf(name, entries, now).map(({ look, from, to, token }) => [look, from, to, ...(token ? [token] : [])]);

describe('spansOf', () => {
  it('shows roles from when they were told, without holes', () => {
    const entries = [follows('alma/1', 10), leads('alma/1', 500, 7), no('alma/1', 800), fails('alma/1', 801)];
    expect(looks('alma', entries, 1_000)).toEqual([
      ['gone', 0, 10],
      ['follower', 10, 500],
      ['leader', 500, 800, 7],
      ['follower', 800, 801],
      ['error', 801, 1_000],
    ]);
  });

  it('shows two terms in a row as two', () => {
    expect(looks('alma', [leads('alma/1', 0, 7), leads('alma/1', 400, 8)], 600)).toEqual([
      ['leader', 0, 400, 7],
      ['leader', 400, 600, 8],
    ]);
  });

  it('shows a stopped process as stopped until it speaks again, whatever it said just before', () => {
    const entries = [
      leads('alma/1', 0, 7),
      becomes('alma/1', 100, 'stopped'),
      yes('alma/1', 100.1, 7),
      becomes('alma/1', 900, 'continued'),
      no('alma/1', 905),
    ];
    expect(looks('alma', entries, 1_000)).toEqual([
      ['leader', 0, 100, 7],
      ['stopped', 100, 905],
      ['follower', 905, 1_000],
    ]);
  });

  it('shows nobody where a process died or closed, and then the one that came after', () => {
    const entries = [
      leads('alma/1', 0, 7),
      becomes('alma/1', 100, 'dead'),
      yes('alma/1', 100.1, 7), // said as it was being killed
      started('alma/2', 300),
      follows('alma/2', 350),
      closed('alma/2', 500),
    ];
    expect(looks('alma', entries, 600)).toEqual([
      ['leader', 0, 100, 7],
      ['gone', 100, 350],
      ['follower', 350, 500],
      ['gone', 500, 600],
    ]);
  });

  it('keeps to its own row', () => {
    expect(looks('bert', [leads('alma/1', 0, 7)], 100)).toEqual([['gone', 0, 100]]);
  });
});

describe('pictureOf', () => {
  const gaps = (now: number, entries = STORY) =>
    pictureOf(['alma', 'bert'], entries, now, 1_000).gaps.map(({ from, to, after }) => [from, to, after?.cause]);

  it('shows when nobody led: before the first term, and between two', () => {
    expect(gaps(8_100)).toEqual([
      [0, 10, undefined],
      [2_051, 2_250, 'close'],
      [5_001, 5_900, 'kill'],
    ]);
  });

  it('shows that nobody leads now', () => {
    expect(gaps(5_400).at(-1)).toEqual([5_001, 5_400, undefined]);
    expect(gaps(300, [])).toEqual([[0, 300, undefined]]);
  });

  it('knows nothing of what comes later', () => {
    expect(pictureOf(['alma'], STORY, 4_000, 1_000).incidents.map(({ cause }) => cause)).toEqual(['close']);
  });
});
