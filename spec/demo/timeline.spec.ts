import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { pictureOf } from '../../demo/picture.js';
import { legend, shortened, timeline, tokenTail } from '../../demo/timeline.js';
import { incident, STORY, serverUp, term } from './forge.js';

const picture = (now: number) => pictureOf(['alma', 'bert'], STORY, now, 1_000);

describe('timeline', () => {
  it('draws a run', () => {
    expect(timeline(picture(8_000), { width: 70, span: 8_000, color: false })).toEqual([
      '                        close()                kill -9',
      '                        alma                   bert',
      '                        ▼                      ▼',
      ' alma    █1001███████████·······──────────────────────1003████████████',
      '                                               ┊',
      ' bert    ─────────────────█1002████████████████············───────────',
      '',
      ' nobody  ▀              ▀▀ 199 ms              ▀▀▀▀▀▀ 899 ms',
      '         0 s            2 s            4 s            6 s',
    ]);
  });

  it('draws a run that is under way up to now, and nobody while nobody leads', () => {
    expect(timeline(picture(5_500), { width: 70, span: 8_000, color: false })).toEqual([
      '                        close()                kill -9',
      '                        alma                   bert',
      '                        ▼                      ▼',
      ' alma    █1001███████████·······───────────────────',
      '                                               ┊',
      ' bert    ─────────────────█1002████████████████····',
      '',
      ' nobody  ▀              ▀▀ 199 ms              ▀▀▀',
      '         0 s            2 s            4 s            6 s',
    ]);
  });

  it('draws to a smaller scale what takes longer than it was thought to', () => {
    const [, , , alma = ''] = timeline(picture(8_000), { width: 70, span: 4_000, color: false });
    expect(alma).toHaveLength(64);
    expect(timeline(picture(8_000), { width: 70, span: 4_000, color: false }).at(-1)).toMatch(/ 8 s$/);
  });

  it('says that a restart cost nobody the lead', () => {
    const entries = [...term('alma/1', 0, 4_000, 1_001), incident('restart', 1_000), serverUp(1_100)];
    const lines = timeline(pictureOf(['alma'], entries, 4_000, 1_000), { width: 49, span: 4_000, color: false });
    expect(lines.slice(-2)[0]).toBe(' nobody            0 ms');
  });

  it('puts the ms of a hand-over before its bar where there is no room behind, and nowhere where there is none at all', () => {
    const [, , , , , , , nobody = ''] = timeline(picture(6_000), { width: 66, span: 6_000, color: false });
    expect(nobody).toMatch(/ 899 ms ▀+$/);
    const [, , , , , , , crowded = ''] = timeline(picture(6_000), { width: 30, span: 6_000, color: false });
    expect(crowded).toMatch(/ ▀ 199 ms +▀+$/);
  });

  it('shortens what would run into the next incident', () => {
    const entries = [...STORY, incident('stop', 2_300, 'alma/1')].sort((a, b) => a.at - b.at);
    const frame = { width: 100, span: 8_000, color: false };
    const [what, whom] = timeline(pictureOf(['alma', 'bert'], entries, 8_000, 1_000), frame);
    expect(what).toMatch(/ cl SIGSTOP {2,}kill -9$/);
    expect(whom).toMatch(/ al alma {2,}bert$/);
  });

  it.each([20, 40, 59, 80, 139])('never draws wider than %i columns', (width) => {
    for (const now of [0, 1, 2_100, 5_500, 8_000, 60_000]) {
      for (const line of timeline(picture(now), { width, span: 8_000, color: true })) {
        expect([...stripVTControlCharacters(line)].length).toBeLessThanOrEqual(width);
      }
    }
    expect([...legend({ width, color: false })].length).toBeLessThanOrEqual(width);
  });

  it('says the same in colours as without, but for the cells around a token', () => {
    const frame = { width: 100, span: 8_000 };
    const colored = timeline(picture(8_000), { ...frame, color: true });
    expect(colored.some((line) => line.includes('\x1b['))).toBe(true);
    expect(colored.map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(
      timeline(picture(8_000), { ...frame, color: false }),
    );
  });
});

describe('tokens', () => {
  const tail = (...tokens: number[]) => tokens.map(tokenTail({ claims: tokens.map((token) => ({ token }) as never) }));

  it('are shown without the digits that all of them share', () => {
    expect(tail(1_795_460_415_080_893, 1_795_460_419_316_118)).toEqual(['…15080893', '…19316118']);
  });

  it('are shown in more digits where that is needed to see them rise', () => {
    expect(tail(1_795_460_499_999_999, 1_795_460_500_000_001)).toEqual(['…499999999', '…500000001']);
  });

  it('lose their last digits, not their first, where there is no room', () => {
    expect(shortened('…15080893', 10)).toBe('…15080893');
    expect(shortened('…15080893', 7)).toBe('…1508…');
    expect(shortened('…15080893', 4)).toBe('');
  });
});
