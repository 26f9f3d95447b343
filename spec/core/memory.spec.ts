import { describe, expect, it } from '@jest/globals';
import { learn, NOTHING_KNOWN, notAfter, watched } from '../../lib/core/memory.js';
import type { LeaseReply } from '../../lib/store/lease-store.js';

const free = (sight: { token?: number; time?: number; until?: number }): LeaseReply => ({ status: 'free', ...sight });

describe('learn', () => {
  it('keeps the highest token, so that later ones rise above it (G3)', () => {
    const first = learn(NOTHING_KNOWN, free({ token: 5 }), 0);
    expect(first.token).toBe(5);
    expect(learn(first, free({ token: 3 }), 1).token).toBe(5);
    expect(learn(first, free({ token: 6 }), 1).token).toBe(6);
    expect(learn(first, free({ time: 9 }), 1).token).toBe(5);
  });

  it('keeps what it knows of the time when a reply does not tell it', () => {
    const known = learn(NOTHING_KNOWN, free({ time: 1_000, until: 4_000 }), 10);
    expect(learn(known, free({ token: 1 }), 50)).toEqual({ ...known, token: 1 });
  });

  it('forgets the watched until when the record has none any more, as after a release', () => {
    const known = learn(NOTHING_KNOWN, free({ time: 1_000, until: 4_000 }), 10);
    expect(watched(known, 10)).toBeDefined();
    expect(watched(learn(known, free({ time: 1_001, until: 0 }), 11), 20)).toEqual({ until: 0, time: 1_010, age: 0 });
  });
});

describe('notAfter', () => {
  it('is unknown before the store has told its time', () => {
    expect(notAfter(NOTHING_KNOWN, 5, 100)).toBeUndefined();
  });

  it('is the time last told, own elapsed time since, and the timeout', () => {
    const memory = learn(NOTHING_KNOWN, free({ time: 5_000 }), 20);
    expect(notAfter(memory, 50, 100)).toBe(5_130);
    expect(notAfter(learn(memory, free({ time: 4_000 }), 60), 60, 100)).toBe(4_100);
  });
});

describe('watched', () => {
  const until = 9_000;

  it('is unknown before the store has told its time', () => {
    expect(watched(NOTHING_KNOWN, 5)).toBeUndefined();
  });

  it('reckons an until that was not there at the last reply by that reply: a clock set forward since frees no lease (G1)', () => {
    const before = learn(NOTHING_KNOWN, free({ time: 1_000, until: 0 }), 10);
    const stepped = learn(before, free({ time: 8_000, until }), 110);
    expect(watched(stepped, 110)).toEqual({ until, time: 1_100, age: 0 });
    const other = learn(stepped, free({ time: 8_010, until: until + 1 }), 120);
    expect(watched(other, 120)?.time).toBe(8_010);
  });

  it('tells for how long this very until has been known', () => {
    const first = learn(NOTHING_KNOWN, free({ time: 1_000, until }), 10);
    const again = learn(first, free({ time: 1_100, until }), 110);
    expect(watched(again, 150)).toEqual({ until, time: 1_140, age: 140 });
  });

  it('begins anew with another until', () => {
    const first = learn(NOTHING_KNOWN, free({ time: 1_000, until }), 10);
    const other = learn(first, free({ time: 1_100, until: until + 1 }), 110);
    expect(watched(other, 150)).toEqual({ until: until + 1, time: 1_140, age: 40 });
  });

  it('reckons the time from the reply that makes it lowest: a server clock stepped forward moves nothing', () => {
    const first = learn(NOTHING_KNOWN, free({ time: 1_000, until }), 10);
    const stepped = learn(first, free({ time: 8_000, until }), 110);
    expect(watched(stepped, 110)?.time).toBe(1_100);
    // Stepped back it does: the lowest counts.
    const back = learn(stepped, free({ time: 500, until }), 120);
    expect(watched(back, 120)?.time).toBe(500);
    expect(watched(learn(back, free({ time: 8_500, until }), 130), 130)?.time).toBe(510);
  });
});
