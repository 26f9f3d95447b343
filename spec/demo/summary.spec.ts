import { describe, expect, it } from '@jest/globals';
import type { Entry } from '../../demo/report.js';
import { summarize } from '../../demo/summary.js';
import { becomes, ending, incident, no, STORY, serverUp, term, yes } from './forge.js';

const PLAN = { ttl: 1_000, causes: ['close', 'kill'] } as const;

const judge = (entries: readonly Entry[], causes: readonly ('close' | 'kill' | 'restart')[] = PLAN.causes) =>
  summarize(entries, { ttl: PLAN.ttl, causes });

describe('summarize', () => {
  it('tells each hand-over, and that all is well', () => {
    const { ok, lines } = judge(STORY);
    expect(ok).toBe(true);
    expect(lines).toEqual([
      ' what happened   who → whom    nobody led   why so long',
      ' close()         alma → bert       199 ms   released; told, and asked for at once',
      ' kill -9         bert → alma       899 ms   the lease ran out, within a ttl',
      '',
      ' overlaps seen: 0 in 3 terms of 2 processes',
      ' tokens: each above all before',
      ' all as it should be, in 8.02 s',
    ]);
  });

  it('fails a run in which two led at once, and says who and when', () => {
    const { ok, overlaps, lines } = judge([...STORY, yes('bert/2', 7_000, 1_004), no('bert/2', 7_012.5)]);
    expect([ok, overlaps]).toEqual([false, 1]);
    expect(lines).toContain(' overlaps seen: 1 in 4 terms of 3 processes');
    expect(lines).toContain('   alma/1 (token 1003) and bert/2 (token 1004) both led for 12.500 ms at 7.00 s');
    expect(lines.at(-1)).toContain('NOT AS IT SHOULD BE');
  });

  it('fails a run in which a token fell', () => {
    const fallen = [
      ...term('alma/1', 0, 1_000, 9),
      no('alma/1', 1_010),
      yes('bert/1', 1_100, 8, 1_200),
      ...ending(2_000),
    ];
    const { ok, lines } = judge(fallen, []);
    expect(ok).toBe(false);
    expect(lines).toContain(' tokens: 1 NOT ABOVE those before');
  });

  it('fails a run in which a hand-over never came', () => {
    const dead = [incident('kill', 1_050, 'alma/1'), becomes('alma/1', 1_051, 'dead')];
    const { ok, lines } = judge([...term('alma/1', 0, 1_000, 1), ...dead, ...ending(9_000)], ['kill']);
    expect(ok).toBe(false);
    expect(lines[1]).toBe(' kill -9         alma → ?                  NOBODY TOOK OVER');
  });

  it('fails a run that was given up before all had happened', () => {
    const { ok, lines } = judge(STORY, ['close', 'kill', 'restart']);
    expect(ok).toBe(false);
    expect(lines).toContain(' restart: NOT RUN');
  });

  it('fails a run that never came to its end', () => {
    const { ok, lines } = judge(STORY.filter(({ kind }) => kind !== 'end'));
    expect(ok).toBe(false);
    expect(lines).toContain(' THE END NEVER CAME: not everybody was well again in time');
  });

  it('fails a run of which nothing is known', () => {
    expect(judge([]).ok).toBe(false);
  });

  it('tells of a restart that cost nobody the lead, and of a hand-over that nothing explains', () => {
    const restart = [incident('restart', 500), serverUp(600)];
    const kept = judge([...term('alma/1', 0, 2_000, 1), ...restart, ...ending(3_000)], ['restart']);
    expect(kept.ok).toBe(true);
    expect(kept.lines[1]).toBe(' restart         alma kept it         0 ms   put its lease back, same token');

    const lapse = [...term('alma/1', 0, 1_000, 1), no('alma/1', 1_010), ...term('bert/1', 1_510, 1_610, 2)];
    const unprovoked = judge([...lapse, ...ending(3_000)], []);
    expect(unprovoked.ok).toBe(true);
    expect(unprovoked.lines[1]).toBe(' unprovoked      alma → bert       500 ms   not our doing: a busy machine?');
  });
});
