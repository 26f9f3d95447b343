import { describe, expect, it } from '@jest/globals';
import { Candidate, held, LIFETIME } from '../support/candidate.js';

/**
 * A follower that learned at time 1 that the lease lasts until 10 000, and so tries again at 501.
 */
function follower(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
  const candidate = new Candidate(options);
  candidate.wake(0);
  candidate.reply(1, held(9_999));
  return candidate;
}

describe('an attempt to acquire', () => {
  it('is made at once by a new candidate, with everything that the store needs', () => {
    const candidate = new Candidate({ data: 'http://me', coldStart: 'wait' });
    candidate.wake(0);
    expect(candidate.asks).toEqual({
      verb: 'acquire',
      key: 'k',
      id: 'me/1',
      name: 'me',
      data: 'http://me',
      ttl: 2_020,
      timeout: 100,
      lastToken: 0,
      coldStart: 'wait',
    });
  });

  it('sends what the candidate remembers: the highest token, the store’s time, the watched until (G3)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, { ...held(99), token: 40, time: 5_000, until: 5_100 });
    candidate.wake(101);
    expect(candidate.asks).toEqual({
      verb: 'acquire',
      key: 'k',
      id: 'me/1',
      name: 'me',
      ttl: 2_020,
      timeout: 100,
      coldStart: 'elect',
      lastToken: 40,
      notAfter: 5_200,
      watched: { until: 5_100, time: 5_100, age: 100 },
    });
  });

  it('is the only request until it is answered', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    const { sent } = candidate.state;
    candidate.wake(50);
    expect(candidate.state.sent).toBe(sent);
    expect(candidate.wakesAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps its id if nothing was granted', () => {
    const candidate = follower();
    candidate.wake(501);
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/1' });
  });

  it('is repeated after timeout / 4 if it came too late to be granted', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    expect(candidate.reply(40, { status: 'late', time: 1 })).toEqual([]);
    expect(candidate.wakesAt).toBe(65);
  });
});

describe('a grant', () => {
  it('starts a term that ends a lifetime after its request was written, not after the reply (G2)', () => {
    const candidate = new Candidate();
    candidate.wake(10);
    const decisions = candidate.reply(90, { status: 'granted', token: 7, run: 'r' });
    expect(decisions).toEqual([{ role: 'leader', term: { id: 'me/1', token: 7, run: 'r', deadline: 10 + LIFETIME } }]);
    expect(candidate.state).toMatchObject({ phase: 'leading', role: 'leader' });
  });

  it('makes the candidate the holder', () => {
    const { state } = Candidate.leading({ data: 'http://me' });
    expect(state.holder).toEqual({
      holder: { id: 'me/1', name: 'me', data: 'http://me', token: 7, expiresIn: 2_020 },
      at: 0,
    });
  });

  it('is not leadership if it arrives at the end of its lease or later, and is released under its id (G1, G4)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    expect(candidate.reply(LIFETIME, { status: 'granted', token: 7 })).toEqual([]);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
    candidate.reply(LIFETIME + 1, { status: 'released' });
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/2', lastToken: 7 });
  });

  it('is leadership one moment before that', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    const decisions = candidate.reply(LIFETIME - 1, { status: 'granted', token: 7 });
    expect(decisions).toMatchObject([{ role: 'leader' }]);
  });
});

describe('the next attempt of a follower', () => {
  it('is due when the known lease has expired, one ms after its last', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(200));
    expect(candidate.wakesAt).toBe(202);
  });

  it('is due after wait if the lease lasts longer', () => {
    expect(follower().wakesAt).toBe(501);
  });

  it('is due when a suspect lease is free', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    const decisions = candidate.reply(1, { status: 'suspect', wait: 300 });
    expect(decisions).toEqual([{ role: 'follower', reason: 'standby' }]);
    expect(candidate.wakesAt).toBe(301);
  });

  it('is delayed by a part of jitter', () => {
    expect(follower({ random: 0.5 }).wakesAt).toBe(501 + 20);
  });

  it('is never later than the longest timer', () => {
    const longest = 2 ** 31 - 1;
    const candidate = new Candidate({ wait: longest, jitter: longest, random: 0.5 });
    candidate.wake(0);
    candidate.reply(1, held(longest));
    expect(candidate.wakesAt).toBe(1 + longest);
  });

  it('is made earlier by a new connection, plus jitter because every follower receives that notice', () => {
    const candidate = follower({ random: 0.5 });
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 100);
    expect(candidate.wakesAt).toBe(120);
  });

  it('is not delayed by a new connection', () => {
    const candidate = follower({ random: 0.5 });
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 515);
    expect(candidate.wakesAt).toBe(521);
  });
});

describe('standing by', () => {
  it('emits one transition, with the leader', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    expect(candidate.reply(1, held(100))).toEqual([{ role: 'follower', reason: 'standby', leader: held(100).holder }]);
    candidate.wake(102);
    expect(candidate.reply(103, held(100))).toEqual([]);
  });

  it('keeps the last known holder, and the time of that reply', () => {
    const candidate = follower();
    expect(candidate.state.holder).toEqual({ holder: held(9_999).holder, at: 1 });
    candidate.wake(501);
    candidate.reply(502, { status: 'suspect', wait: 10 });
    expect(candidate.state.holder).toBeUndefined();
  });
});
