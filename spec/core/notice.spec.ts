import { describe, expect, it } from '@jest/globals';
import type { Notice } from '../../lib/port/lease-store.js';
import { Candidate, held, SETTINGS } from '../support/candidate.js';

const { ttl, wait, timeout } = SETTINGS;

const released = (id = 'rival/1'): Notice => ({ kind: 'released', id });
const elected = (id = 'other/1', expiresIn: number = ttl): Notice => ({
  kind: 'elected',
  holder: { id, name: 'other', token: 42, expiresIn },
});
const LISTENING: Notice = { kind: 'listening' };
const DEAF: Notice = { kind: 'deaf' };

const tell = (candidate: Candidate, notice: Notice, now: number) => candidate.on({ kind: 'notice', notice }, now);

/** Asked at 0, told at 1 that a rival's lease lasts `expiresIn` more, and listening. */
function follower(expiresIn = 1_500, options = {}): Candidate {
  const candidate = new Candidate(options);
  tell(candidate, LISTENING, 0);
  candidate.reply(1, { ...held(expiresIn), time: 5_000 });
  return candidate;
}

describe('a follower that listens', () => {
  it('asks when the lease that it knows of runs out, not by wait', () => {
    expect(follower(1_500).wakesAt).toBe(1_502);
    expect(follower(1_500, { random: 0.5 }).wakesAt).toBe(1_522);
  });

  it('asks by wait under a holder without a token, who publishes nothing (go-leader)', () => {
    const candidate = new Candidate();
    tell(candidate, LISTENING, 0);
    candidate.reply(1, { status: 'held', holder: { id: 'go', expiresIn: 1_500 } });
    expect(candidate.wakesAt).toBe(1 + wait);
  });

  it('asks when a loss has been waited out, not by wait', () => {
    const candidate = new Candidate();
    tell(candidate, LISTENING, 0);
    candidate.reply(1, { status: 'suspect', wait: 1_400 });
    expect(candidate.wakesAt).toBe(1_401);
  });

  it('asks by wait after an error', () => {
    const candidate = follower(100);
    candidate.wake(102);
    candidate.fail(103, 'STORE_READONLY');
    expect(candidate.wakesAt).toBe(103 + wait);
  });

  it('asks at once when it is told that the holder has released, and knows of no holder until then (G5)', () => {
    const candidate = follower();
    expect(tell(candidate, released(), 50)).toEqual([]);
    expect(candidate.state).toMatchObject({ role: 'follower', holder: undefined });
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/1' });
    expect(candidate.state.sent?.at).toBe(50);
  });

  it('asks at once where it is the one named to be next', () => {
    const candidate = follower();
    tell(candidate, { kind: 'released', id: 'rival/1', successor: 'me/1' }, 50);
    expect(candidate.state.sent?.at).toBe(50);
  });

  it('gives somebody else who is named a grace, and stands down when that one leads', () => {
    const candidate = follower();
    tell(candidate, { kind: 'released', id: 'rival/1', successor: 'other/1' }, 50);
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(50 + timeout / 4);
    tell(candidate, elected('other/1'), 51);
    expect(candidate.wakesAt).toBe(ttl);
    candidate.wake(50 + timeout / 4);
    expect(candidate.asks).toBeUndefined();
  });

  it('asks when the grace is over in which the one named does not lead, not all in one instant', () => {
    const candidate = follower(1_500, { random: 0.5 });
    tell(candidate, { kind: 'released', id: 'rival/1', successor: 'dead' }, 50);
    const at = 50 + timeout / 4 + 0.5 * SETTINGS.jitter;
    expect(candidate.wakesAt).toBe(at);
    candidate.wake(at);
    expect(candidate.asks?.verb).toBe('acquire');
  });

  it('is not kept waiting by a release that is told again and again', () => {
    const candidate = follower();
    for (let now = 50; now < 50 + timeout / 4; now += 1) {
      tell(candidate, { kind: 'released', id: 'rival/1', successor: `nobody ${now}` }, now);
    }
    expect(candidate.wakesAt).toBe(50 + timeout / 4);
  });

  it('says whether it hears: who does not is not to be named', () => {
    const candidate = follower(100);
    candidate.wake(102);
    expect(candidate.asks).toMatchObject({ verb: 'acquire', hears: true });
    candidate.reply(103, held(100));
    tell(candidate, DEAF, 104);
    candidate.wake(204);
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.asks).not.toHaveProperty('hears');
  });

  it('hears of a release while it asks once it is answered, if the answer is older', () => {
    const candidate = follower(100);
    candidate.wake(102);
    tell(candidate, released(), 103);
    expect(candidate.asks?.verb).toBe('acquire');
    candidate.reply(104, held(1_000));
    expect(candidate.state.sent?.at).toBe(104);
    candidate.reply(105, held(1_000)); // it was not true, and is not heard again
    expect(candidate.state.sent).toBeUndefined();
    expect(candidate.wakesAt).toBe(1_106);
  });

  it('knows of a new leader by being told, and cancels the attempt that it was about to make', () => {
    const candidate = follower();
    candidate.wake(1_502);
    candidate.reply(1_503, { ...held(50), time: 6_502 });
    tell(candidate, elected(), 1_510);
    expect(candidate.state.holder).toEqual({
      holder: { id: 'other/1', name: 'other', token: 42, expiresIn: ttl },
      at: 1_510,
    });
    expect(candidate.wakesAt).toBe(1_502 + ttl);
  });

  it.each([
    ['tells its time', 5_000],
    ['tells no time (a quorum)', undefined],
  ])('is not kept from asking for longer than a ttl, whatever it is told, by a store that %s', (_, time) => {
    const candidate = new Candidate();
    tell(candidate, LISTENING, 0);
    candidate.reply(1, { ...held(1_500), ...(time !== undefined && { time }) });
    for (let now = 10; now < 2_021; now += 10) tell(candidate, elected(`forged/${now}`, 2 ** 31), now);
    expect(candidate.state.sent?.at ?? candidate.wakesAt).toBeLessThanOrEqual(ttl);
  });

  it('asks after a release that was told of it falsely before', () => {
    const candidate = follower();
    for (let now = 10; now < 300; now += 1) tell(candidate, released(), now);
    if (candidate.state.sent) candidate.reply(300, held(1_500));
    tell(candidate, released(), 1_000);
    candidate.wake(1_000 + timeout);
    expect(candidate.asks?.verb).toBe('acquire');
  });

  it('asks at once after each of several releases close together, and in a flood of them once in a timeout', () => {
    const candidate = follower(10_000);
    const asked: number[] = [];
    for (let now = 10; now < 1_010; now += 1) {
      tell(candidate, elected('forged'), now);
      tell(candidate, released(now % 2 === 0 ? 'rival/1' : 'forged'), now);
      candidate.wake(now);
      if (!candidate.state.sent) continue;
      asked.push(now);
      candidate.reply(now, held(10_000));
    }
    expect(asked.slice(0, 8)).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
    expect(asked.length).toBeLessThanOrEqual(8 + 1_000 / timeout);
  });

  it('is not made to ask in a flood by leaders whose leases run out at once', () => {
    const candidate = follower(10_000);
    const asked: number[] = [];
    for (let now = 10; now < 1_010; now += 1) {
      if (now % 5 === 0) tell(candidate, elected(`forged/${now}`, 1), now);
      candidate.wake(now);
      if (!candidate.state.sent) continue;
      asked.push(now);
      candidate.reply(now, held(10_000));
    }
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.length).toBeLessThanOrEqual(8 + 1_000 / timeout);
  });

  it('asks at once when it is named, however many releases have gone to others before', () => {
    const candidate = follower(10_000);
    for (let now = 10; now < 110; now += 10) {
      tell(candidate, { kind: 'released', id: 'rival/1', successor: `other/${now}` }, now);
      tell(candidate, elected(`other/${now}`), now + 1);
    }
    expect(candidate.asks).toBeUndefined();
    tell(candidate, { kind: 'released', id: 'other/100', successor: 'me/1' }, 120);
    expect(candidate.state.sent?.at).toBe(120);
  });

  it('asks at once when it is named, however often it has been before, and led', () => {
    const candidate = follower(10_000);
    let now = 10;
    for (let times = 0; times < 20; times++, now += 10) {
      const { id } = candidate.state;
      tell(candidate, { kind: 'released', id: 'rival/1', successor: id }, now);
      expect(candidate.state.sent?.at).toBe(now);
      candidate.reply(now, { status: 'granted', token: 50 + times });
      candidate.resign(now + 1, 1);
      candidate.on({ kind: 'drained' }, now + 1);
      candidate.reply(now + 2, { status: 'released' });
      candidate.wake(now + 3);
      candidate.reply(now + 4, held(10_000));
    }
  });

  it('leads by an answer alone: what it is told of itself changes nothing', () => {
    const candidate = follower(100);
    candidate.wake(102);
    const before = candidate.state;
    expect(tell(candidate, elected('me/1'), 103)).toEqual([]);
    expect(candidate.state).toEqual(before);
  });

  it('leads by an answer alone: told of itself while it waits, it does not take itself for the holder', () => {
    const candidate = follower();
    const before = candidate.state;
    expect(tell(candidate, elected('me/1'), 50)).toEqual([]);
    expect(candidate.state).toEqual(before);
  });

  it('knows whom it knew when it is told that somebody else has released', () => {
    const candidate = follower();
    tell(candidate, released('forged'), 50);
    expect(candidate.state.holder).toEqual({ holder: held(1_500).holder, at: 1 });
  });

  it('counts no attempt as hastened that comes when a lease runs out, though one was hastened before and cancelled', () => {
    const candidate = follower();
    tell(candidate, { kind: 'released', id: 'rival/1', successor: 'other/1' }, 50);
    tell(candidate, elected('other/1', 300), 51);
    expect(candidate.wakesAt).toBe(352);
    candidate.wake(352);
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.state.notices.rateLimitedUntil).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is not made to ask in a flood by releases after it has heard nothing for a while', () => {
    const candidate = follower(10_000);
    const asked: number[] = [];
    for (let now = 10; now < 1_010; now += 1) {
      if (now === 500) tell(candidate, DEAF, now);
      if (now === 510) tell(candidate, LISTENING, now);
      tell(candidate, released(), now);
      candidate.wake(now);
      if (!candidate.state.sent) continue;
      asked.push(now);
      candidate.reply(now, held(10_000));
    }
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.length).toBeLessThanOrEqual(8 + 1_000 / timeout + 1);
  });

  it('has no use for what it is told in the dark, or in an error, but asks again', () => {
    const dark = follower(100);
    dark.wake(102);
    dark.fail(202, 'STORE_TIMEOUT');
    const { nextAt } = dark.state as { nextAt: number };
    tell(dark, elected(), 203);
    expect(dark.wakesAt).toBe(nextAt);
    tell(dark, released(), 204);
    expect(dark.asks?.verb).toBe('read');
    const failed = follower(100);
    failed.wake(102);
    failed.fail(103, 'STORE_READONLY');
    tell(failed, elected(), 104);
    expect(failed.state.holder).toBeUndefined();
    expect(failed.wakesAt).toBe(103 + wait);
  });

  it('goes by wait again when it is told no more', () => {
    const candidate = follower(1_500);
    tell(candidate, DEAF, 100);
    expect(candidate.wakesAt).toBe(100 + wait);
    candidate.wake(600);
    candidate.reply(601, held(900));
    expect(candidate.wakesAt).toBe(601 + wait);
  });

  it('asks for what it has not heard when it listens again, by jitter', () => {
    const candidate = follower(1_500, { random: 0.5 });
    tell(candidate, DEAF, 100);
    tell(candidate, LISTENING, 200);
    expect(candidate.wakesAt).toBe(220);
  });

  it('asks again after an answer that may be older than that it listens', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    tell(candidate, LISTENING, 1);
    candidate.reply(2, held(1_500));
    expect(candidate.state.sent?.at).toBe(2);
  });
});

describe('whoever does not campaign', () => {
  it('is not moved by what is told: a leader', () => {
    const leader = Candidate.leading();
    const { state } = leader;
    for (const notice of [elected('me/1'), released('me/1'), released()]) expect(tell(leader, notice, 10)).toEqual([]);
    expect(leader.state).toEqual(state);
  });

  it('is not moved by what is told: one that stands aside', () => {
    const candidate = Candidate.leading();
    candidate.resign(10, 900);
    candidate.on({ kind: 'drained' }, 11);
    candidate.reply(12, { status: 'released' });
    expect(candidate.state.phase).toBe('cooling');
    tell(candidate, released(), 20);
    tell(candidate, LISTENING, 21);
    tell(candidate, elected('other/1', 50), 22);
    tell(candidate, DEAF, 23);
    tell(candidate, LISTENING, 24);
    expect(candidate.wakesAt).toBe(912);
    candidate.wake(912);
    candidate.reply(913, held(1_900));
    expect(candidate.wakesAt).toBe(913 + 1_901); // and has heard since when it listens
  });
});
