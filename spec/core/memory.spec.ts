import { describe, expect, it } from '@jest/globals';
import { learn, NOTHING_KNOWN, notAfter, watched } from '../../lib/core/memory.js';
import type { CandidateReply } from '../../lib/port/lease-store.js';

/** ms. */
const TTL = 10_000;

const free = (sight: { token?: number; time?: number; until?: number }): CandidateReply => ({
  status: 'free',
  ...sight,
});

describe('learn', () => {
  it('keeps the highest token, so that later ones rise above it (G3)', () => {
    const first = learn(NOTHING_KNOWN, free({ token: 5 }), 0, TTL);
    expect(first.token).toBe(5);
    expect(learn(first, free({ token: 3 }), 1, TTL).token).toBe(5);
    expect(learn(first, free({ token: 6 }), 1, TTL).token).toBe(6);
    expect(learn(first, free({ time: 9 }), 1, TTL).token).toBe(5);
  });

  it('keeps the store time if a reply has none', () => {
    const known = learn(NOTHING_KNOWN, free({ time: 1_000, until: 4_000 }), 10, TTL);
    expect(learn(known, free({ token: 1 }), 50, TTL)).toEqual({ ...known, token: 1 });
  });

  it('forgets the watched until if the record has none, as after a release', () => {
    const known = learn(NOTHING_KNOWN, free({ time: 1_000, until: 4_000 }), 10, TTL);
    expect(watched(known, 10, TTL)).toBeDefined();
    expect(watched(learn(known, free({ time: 1_001, until: 0 }), 11, TTL), 20, TTL)).toEqual({
      until: 0,
      time: 1_010,
      age: 0,
    });
  });
});

describe('notAfter', () => {
  it('is unknown before the store has sent its time', () => {
    expect(notAfter(NOTHING_KNOWN, 5, 100)).toBeUndefined();
  });

  it('is the last store time plus the time elapsed since plus the timeout', () => {
    const memory = learn(NOTHING_KNOWN, free({ time: 5_000 }), 20, TTL);
    expect(notAfter(memory, 50, 100)).toBe(5_130);
    expect(notAfter(learn(memory, free({ time: 4_000 }), 60, TTL), 60, 100)).toBe(4_100);
  });
});

describe('watched', () => {
  const until = 9_000;

  it('is unknown before the store has sent its time', () => {
    expect(watched(NOTHING_KNOWN, 5, TTL)).toBeUndefined();
  });

  it('bounds a new until by the reply before it, so a clock set forward since then frees no lease (G1)', () => {
    const before = learn(NOTHING_KNOWN, free({ time: 1_000, until: 0 }), 10, TTL);
    const stepped = learn(before, free({ time: 8_000, until }), 110, TTL);
    expect(watched(stepped, 110, TTL)).toEqual({ until, time: 1_100, age: 0 });
    const other = learn(stepped, free({ time: 8_010, until: until + 1 }), 120, TTL);
    expect(watched(other, 120, TTL)?.time).toBe(8_010);
  });

  it('assumes the largest drift of a store that sent no reply for longer than a ttl (G1)', () => {
    const before = learn(NOTHING_KNOWN, free({ time: 1_000 }), 10, TTL);
    expect(watched(before, 10 + TTL, TTL)?.time).toBe(1_000 + TTL);
    const late = 10 + TTL + 5_050; // up to 5 050 × 2 / 101 of that may be drift
    expect(watched(before, late, TTL)?.time).toBeCloseTo(1_000 + TTL + 4_950);
    const stepped = learn(before, free({ time: 60_000, until }), late, TTL);
    expect(watched(stepped, late + 7, TTL)?.time).toBeCloseTo(1_000 + TTL + 4_950 + 7);
  });

  it('counts how long the same until is known', () => {
    const first = learn(NOTHING_KNOWN, free({ time: 1_000, until }), 10, TTL);
    const again = learn(first, free({ time: 1_100, until }), 110, TTL);
    expect(watched(again, 150, TTL)).toEqual({ until, time: 1_140, age: 140 });
  });

  it('starts again with another until', () => {
    const first = learn(NOTHING_KNOWN, free({ time: 1_000, until }), 10, TTL);
    const other = learn(first, free({ time: 1_100, until: until + 1 }), 110, TTL);
    expect(watched(other, 150, TTL)).toEqual({ until: until + 1, time: 1_140, age: 40 });
  });

  it('starts again if the clock was set back, because the same until may have been written again (G1)', () => {
    const first = learn(NOTHING_KNOWN, free({ time: 1_000, until }), 10, TTL);
    const drifted = learn(first, free({ time: 1_100 - TTL / 20, until }), 110, TTL);
    expect(watched(drifted, 150, TTL)?.age).toBe(140);
    const back = learn(first, free({ time: 1_100 - TTL / 20 - 1, until }), 110, TTL);
    expect(watched(back, 150, TTL)?.age).toBe(40);
  });

  it.each(['granted', 'renewed'] as const)(
    'does not watch an until that it %s itself, because the clock that wrote it is in the reply',
    (status) => {
      const before = learn(NOTHING_KNOWN, free({ time: 1_000, until: 1_500 }), 10, TTL);
      const own = learn(before, { status, token: 7, time: 2_000, until }, 1_010, TTL);
      expect(watched(own, 1_030, TTL)).toEqual({ until: 0, time: 2_020, age: 0 });
    },
  );

  it('uses the reply that gives the lowest store time, so a server clock set forward changes nothing', () => {
    const first = learn(NOTHING_KNOWN, free({ time: 1_000, until }), 10, TTL);
    const stepped = learn(first, free({ time: 8_000, until }), 110, TTL);
    expect(watched(stepped, 110, TTL)?.time).toBe(1_100);
    // A clock that is set back does change it: the lowest counts.
    const back = learn(stepped, free({ time: 500, until }), 120, TTL);
    expect(watched(back, 120, TTL)?.time).toBe(500);
    expect(watched(learn(back, free({ time: 8_500, until }), 130, TTL), 130, TTL)?.time).toBe(510);
  });
});
