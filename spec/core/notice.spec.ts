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

const notify = (candidate: Candidate, notice: Notice, now: number) => candidate.on({ kind: 'notice', notice }, now);

/**
 * A subscribed follower that sent a request at 0 and learned at 1 that the lease of a rival lasts
 * `expiresIn` ms more.
 */
function follower(expiresIn = 1_500, options = {}): Candidate {
  const candidate = new Candidate(options);
  notify(candidate, LISTENING, 0);
  candidate.reply(1, { ...held(expiresIn), time: 5_000 });
  return candidate;
}

describe('a subscribed follower', () => {
  it('tries when the known lease expires, not by wait', () => {
    expect(follower(1_500).wakesAt).toBe(1_502);
    expect(follower(1_500, { random: 0.5 }).wakesAt).toBe(1_522);
  });

  it('tries by wait if the holder has no token and publishes nothing (go-leader)', () => {
    const candidate = new Candidate();
    notify(candidate, LISTENING, 0);
    candidate.reply(1, { status: 'held', holder: { id: 'go', expiresIn: 1_500 } });
    expect(candidate.wakesAt).toBe(1 + wait);
  });

  it('tries when a suspect lease is free, not by wait', () => {
    const candidate = new Candidate();
    notify(candidate, LISTENING, 0);
    candidate.reply(1, { status: 'suspect', wait: 1_400 });
    expect(candidate.wakesAt).toBe(1_401);
  });

  it('tries by wait after an error', () => {
    const candidate = follower(100);
    candidate.wake(102);
    candidate.fail(103, 'STORE_READONLY');
    expect(candidate.wakesAt).toBe(103 + wait);
  });

  it('tries at once when the holder releases, and knows no holder until then (G5)', () => {
    const candidate = follower();
    expect(notify(candidate, released(), 50)).toEqual([]);
    expect(candidate.state).toMatchObject({ role: 'follower', holder: undefined });
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/1' });
    expect(candidate.state.sent?.at).toBe(50);
  });

  it('tries at once if it is the named successor', () => {
    const candidate = follower();
    notify(candidate, { kind: 'released', id: 'rival/1', successor: 'me/1' }, 50);
    expect(candidate.state.sent?.at).toBe(50);
  });

  it('gives another named successor a grace period, and cancels its attempt when that candidate leads', () => {
    const candidate = follower();
    notify(candidate, { kind: 'released', id: 'rival/1', successor: 'other/1' }, 50);
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(50 + timeout / 4);
    notify(candidate, elected('other/1'), 51);
    expect(candidate.wakesAt).toBe(ttl);
    candidate.wake(50 + timeout / 4);
    expect(candidate.asks).toBeUndefined();
  });

  it('tries after the grace period, plus jitter, if the named successor does not lead', () => {
    const candidate = follower(1_500, { random: 0.5 });
    notify(candidate, { kind: 'released', id: 'rival/1', successor: 'dead' }, 50);
    const at = 50 + timeout / 4 + 0.5 * SETTINGS.jitter;
    expect(candidate.wakesAt).toBe(at);
    candidate.wake(at);
    expect(candidate.asks?.verb).toBe('acquire');
  });

  it('is not delayed by repeated notices of a release', () => {
    const candidate = follower();
    for (let now = 50; now < 50 + timeout / 4; now += 1) {
      notify(candidate, { kind: 'released', id: 'rival/1', successor: `nobody ${now}` }, now);
    }
    expect(candidate.wakesAt).toBe(50 + timeout / 4);
  });

  it('sends whether it is subscribed, because a candidate that is not must not be named', () => {
    const candidate = follower(100);
    candidate.wake(102);
    expect(candidate.asks).toMatchObject({ verb: 'acquire', hears: true });
    candidate.reply(103, held(100));
    notify(candidate, DEAF, 104);
    candidate.wake(204);
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.asks).not.toHaveProperty('hears');
  });

  it('handles a release during its request once the reply arrives, if the reply may be older', () => {
    const candidate = follower(100);
    candidate.wake(102);
    notify(candidate, released(), 103);
    expect(candidate.asks?.verb).toBe('acquire');
    candidate.reply(104, held(1_000));
    expect(candidate.state.sent?.at).toBe(104);
    candidate.reply(105, held(1_000)); // the notice was false, and is handled only once
    expect(candidate.state.sent).toBeUndefined();
    expect(candidate.wakesAt).toBe(1_106);
  });

  it('learns of a new leader by notice, and cancels its planned attempt', () => {
    const candidate = follower();
    candidate.wake(1_502);
    candidate.reply(1_503, { ...held(50), time: 6_502 });
    notify(candidate, elected(), 1_510);
    expect(candidate.state.holder).toEqual({
      holder: { id: 'other/1', name: 'other', token: 42, expiresIn: ttl },
      at: 1_510,
    });
    expect(candidate.wakesAt).toBe(1_502 + ttl);
  });

  it.each([
    ['sends its time', 5_000],
    ['sends no time (a quorum)', undefined],
  ])('tries at least once in a ttl whatever notices say, with a store that %s', (_, time) => {
    const candidate = new Candidate();
    notify(candidate, LISTENING, 0);
    candidate.reply(1, { ...held(1_500), ...(time !== undefined && { time }) });
    for (let now = 10; now < 2_021; now += 10) notify(candidate, elected(`forged/${now}`, 2 ** 31), now);
    expect(candidate.state.sent?.at ?? candidate.wakesAt).toBeLessThanOrEqual(ttl);
  });

  it('tries after a release, even if earlier notices of it were false', () => {
    const candidate = follower();
    for (let now = 10; now < 300; now += 1) notify(candidate, released(), now);
    if (candidate.state.sent) candidate.reply(300, held(1_500));
    notify(candidate, released(), 1_000);
    candidate.wake(1_000 + timeout);
    expect(candidate.asks?.verb).toBe('acquire');
  });

  it('tries at once after each of several releases in a row, and once in a timeout during a flood of them', () => {
    const candidate = follower(10_000);
    const sentAt: number[] = [];
    for (let now = 10; now < 1_010; now += 1) {
      notify(candidate, elected('forged'), now);
      notify(candidate, released(now % 2 === 0 ? 'rival/1' : 'forged'), now);
      candidate.wake(now);
      if (!candidate.state.sent) continue;
      sentAt.push(now);
      candidate.reply(now, held(10_000));
    }
    expect(sentAt.slice(0, 8)).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
    expect(sentAt.length).toBeLessThanOrEqual(8 + 1_000 / timeout);
  });

  it('sends no flood of requests if the leases of new leaders expire at once', () => {
    const candidate = follower(10_000);
    const sentAt: number[] = [];
    for (let now = 10; now < 1_010; now += 1) {
      if (now % 5 === 0) notify(candidate, elected(`forged/${now}`, 1), now);
      candidate.wake(now);
      if (!candidate.state.sent) continue;
      sentAt.push(now);
      candidate.reply(now, held(10_000));
    }
    expect(sentAt.length).toBeGreaterThan(1);
    expect(sentAt.length).toBeLessThanOrEqual(8 + 1_000 / timeout);
  });

  it('tries at once when it is named, however many releases named others before', () => {
    const candidate = follower(10_000);
    for (let now = 10; now < 110; now += 10) {
      notify(candidate, { kind: 'released', id: 'rival/1', successor: `other/${now}` }, now);
      notify(candidate, elected(`other/${now}`), now + 1);
    }
    expect(candidate.asks).toBeUndefined();
    notify(candidate, { kind: 'released', id: 'other/100', successor: 'me/1' }, 120);
    expect(candidate.state.sent?.at).toBe(120);
  });

  it('tries at once when it is named, however often it was named and led before', () => {
    const candidate = follower(10_000);
    let now = 10;
    for (let times = 0; times < 20; times++, now += 10) {
      const { id } = candidate.state;
      notify(candidate, { kind: 'released', id: 'rival/1', successor: id }, now);
      expect(candidate.state.sent?.at).toBe(now);
      candidate.reply(now, { status: 'granted', token: 50 + times });
      candidate.resign(now + 1, 1);
      candidate.on({ kind: 'drained' }, now + 1);
      candidate.reply(now + 2, { status: 'released' });
      candidate.wake(now + 3);
      candidate.reply(now + 4, held(10_000));
    }
  });

  it('leads by a reply alone: a notice of its own election changes nothing', () => {
    const candidate = follower(100);
    candidate.wake(102);
    const before = candidate.state;
    expect(notify(candidate, elected('me/1'), 103)).toEqual([]);
    expect(candidate.state).toEqual(before);
  });

  it('leads by a reply alone: a notice of its own election while it waits does not make it the holder', () => {
    const candidate = follower();
    const before = candidate.state;
    expect(notify(candidate, elected('me/1'), 50)).toEqual([]);
    expect(candidate.state).toEqual(before);
  });

  it('keeps the known holder if another candidate releases', () => {
    const candidate = follower();
    notify(candidate, released('forged'), 50);
    expect(candidate.state.holder).toEqual({ holder: held(1_500).holder, at: 1 });
  });

  it('does not count an attempt at the end of a lease against the rate limit, though an earlier notice-driven attempt was cancelled', () => {
    const candidate = follower();
    notify(candidate, { kind: 'released', id: 'rival/1', successor: 'other/1' }, 50);
    notify(candidate, elected('other/1', 300), 51);
    expect(candidate.wakesAt).toBe(352);
    candidate.wake(352);
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.state.notices.rateLimitedUntil).toBe(Number.NEGATIVE_INFINITY);
  });

  it('sends no flood of requests after releases when it was unsubscribed for a while', () => {
    const candidate = follower(10_000);
    const sentAt: number[] = [];
    for (let now = 10; now < 1_010; now += 1) {
      if (now === 500) notify(candidate, DEAF, now);
      if (now === 510) notify(candidate, LISTENING, now);
      notify(candidate, released(), now);
      candidate.wake(now);
      if (!candidate.state.sent) continue;
      sentAt.push(now);
      candidate.reply(now, held(10_000));
    }
    expect(sentAt.length).toBeGreaterThan(8);
    expect(sentAt.length).toBeLessThanOrEqual(8 + 1_000 / timeout + 1);
  });

  it('uses a notice only to try again after an unanswered request or an error', () => {
    const unanswered = follower(100);
    unanswered.wake(102);
    unanswered.fail(202, 'STORE_TIMEOUT');
    const { nextAt } = unanswered.state as { nextAt: number };
    notify(unanswered, elected(), 203);
    expect(unanswered.wakesAt).toBe(nextAt);
    notify(unanswered, released(), 204);
    expect(unanswered.asks?.verb).toBe('read');
    const failed = follower(100);
    failed.wake(102);
    failed.fail(103, 'STORE_READONLY');
    notify(failed, elected(), 104);
    expect(failed.state.holder).toBeUndefined();
    expect(failed.wakesAt).toBe(103 + wait);
  });

  it('tries by wait again when it is no longer subscribed', () => {
    const candidate = follower(1_500);
    notify(candidate, DEAF, 100);
    expect(candidate.wakesAt).toBe(100 + wait);
    candidate.wake(600);
    candidate.reply(601, held(900));
    expect(candidate.wakesAt).toBe(601 + wait);
  });

  it('tries within the jitter when it is subscribed again, because it may have missed notices', () => {
    const candidate = follower(1_500, { random: 0.5 });
    notify(candidate, DEAF, 100);
    notify(candidate, LISTENING, 200);
    expect(candidate.wakesAt).toBe(220);
  });

  it('tries again after a reply that may be older than its subscription', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    notify(candidate, LISTENING, 1);
    candidate.reply(2, held(1_500));
    expect(candidate.state.sent?.at).toBe(2);
  });
});

describe('a candidate that does not campaign', () => {
  it('ignores notices while it leads', () => {
    const leader = Candidate.leading();
    const { state } = leader;
    for (const notice of [elected('me/1'), released('me/1'), released()])
      expect(notify(leader, notice, 10)).toEqual([]);
    expect(leader.state).toEqual(state);
  });

  it('ignores notices during a cooldown', () => {
    const candidate = Candidate.leading();
    candidate.resign(10, 900);
    candidate.on({ kind: 'drained' }, 11);
    candidate.reply(12, { status: 'released' });
    expect(candidate.state.phase).toBe('cooling');
    notify(candidate, released(), 20);
    notify(candidate, LISTENING, 21);
    notify(candidate, elected('other/1', 50), 22);
    notify(candidate, DEAF, 23);
    notify(candidate, LISTENING, 24);
    expect(candidate.wakesAt).toBe(912);
    candidate.wake(912);
    candidate.reply(913, held(1_900));
    expect(candidate.wakesAt).toBe(913 + 1_901); // it still knows that it is subscribed
  });
});
