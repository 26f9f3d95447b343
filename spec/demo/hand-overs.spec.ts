import { describe, expect, it } from '@jest/globals';
import { handOversOf, outcomesOf } from '../../demo/hand-overs.js';
import type { Entry } from '../../demo/report.js';
import { becomes, ending, incident, no, STORY, serverUp, term, yes } from './forge.js';

const TTL = 1_000;

const brief = (entries: readonly Entry[]) =>
  handOversOf(entries).map(({ cause, from, to, nobody }) => [cause, from.by, to.by, nobody]);

describe('handOversOf', () => {
  it('says who handed over to whom, why, and for how long nobody led', () => {
    expect(brief(STORY)).toEqual([
      ['close', 'alma/1', 'bert/1', 199],
      ['kill', 'bert/1', 'alma/1', 899],
    ]);
  });

  it('counts from when a leader was stopped, since nobody was led by it from then on', () => {
    const entries = [
      ...term('alma/1', 0, 1_000, 1),
      incident('stop', 1_020, 'alma/1'),
      becomes('alma/1', 1_021, 'stopped'),
      ...term('bert/1', 2_021, 4_000, 2),
      becomes('alma/1', 3_500, 'continued'),
      no('alma/1', 3_501),
    ];
    expect(brief(entries)).toEqual([['stop', 'alma/1', 'bert/1', 1_000]]);
  });

  it('counts on for a leader that was stopped and still led afterwards', () => {
    const entries = [
      ...term('alma/1', 0, 1_000, 1),
      becomes('alma/1', 1_020, 'stopped'),
      becomes('alma/1', 1_120, 'continued'),
      yes('alma/1', 1_125, 1, 1_900),
      no('alma/1', 1_300),
      yes('bert/1', 1_400, 2),
    ];
    expect(brief(entries)).toEqual([['unprovoked', 'alma/1', 'bert/1', 100]]);
  });

  it('lets an incident explain one hand-over only', () => {
    const entries = [
      ...STORY.slice(0, -3), // up to where the story ends
      no('alma/1', 8_000),
      ...term('bert/2', 8_100, 8_500, 1_004),
    ];
    expect(brief(entries).at(-1)).toEqual(['unprovoked', 'alma/1', 'bert/2', 100]);
  });

  it('leaves out who takes over while everybody leaves', () => {
    expect(brief([...STORY, yes('bert/2', 8_010, 1_004)])).toHaveLength(2);
  });

  it('is below zero where both led at once', () => {
    const entries = [...term('alma/1', 0, 1_000, 1), no('alma/1', 1_001), ...term('bert/1', 900, 1_500, 2)];
    expect(handOversOf(entries)[0]?.nobody).toBe(-101);
  });
});

describe('outcomesOf', () => {
  const kinds = (entries: readonly Entry[]) => outcomesOf(entries, TTL).map(({ kind }) => kind);

  it('finds the hand-over of each incident', () => {
    expect(outcomesOf(STORY, TTL)).toMatchObject([
      { kind: 'handed-over', incident: { cause: 'close' }, handOver: { to: { by: 'bert/1' } } },
      { kind: 'handed-over', incident: { cause: 'kill' }, handOver: { to: { by: 'alma/1' } } },
    ]);
  });

  it('misses the hand-over that never came', () => {
    const dead = [incident('kill', 1_050, 'alma/1'), becomes('alma/1', 1_051, 'dead')];
    expect(kinds([...term('alma/1', 0, 1_000, 1), ...dead])).toEqual(['missing']);
  });

  it('does not take the hand-over of the next incident for that of this one', () => {
    const entries = [
      ...term('alma/1', 0, 2_000, 1),
      incident('stop', 500, 'alma/1'),
      incident('kill', 2_010, 'alma/1'),
      becomes('alma/1', 2_011, 'dead'),
      ...term('bert/1', 3_000, 4_000, 2),
    ];
    expect(kinds(entries)).toEqual(['missing', 'handed-over']);
  });

  it('knows a leader that outlives a restart by leases of the new server', () => {
    const restart = [incident('restart', 500), serverUp(600)];
    expect(kinds([...term('alma/1', 0, 1_600, 1), ...restart, ...ending(3_000)])).toEqual(['kept']);
  });

  it('does not count a leader that only lives on from before the restart', () => {
    const restart = [incident('restart', 500), serverUp(600)];
    expect(kinds([...term('alma/1', 0, 1_500, 1), ...restart])).toEqual(['missing']);
    expect(kinds([...term('alma/1', 0, 1_600, 1), incident('restart', 500)])).toEqual(['missing']);
  });

  it('lets nobody but the server be survived', () => {
    const later = [incident('restart', 2_000), serverUp(2_100)];
    expect(kinds([...term('alma/1', 0, 3_500, 1), incident('stop', 500, 'alma/1'), ...later])).toEqual([
      'missing',
      'kept',
    ]);
  });
});
