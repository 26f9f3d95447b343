import { describe, expect, it } from '@jest/globals';
import type { Notice } from '../../lib/port/lease-store.js';
import { Candidate, held, LIFETIME, SETTINGS } from '../support/candidate.js';

const BACKOFF = SETTINGS.timeout / 4;

const cut = (candidate: Candidate, now: number, id = 'me/1') =>
  candidate.on({ kind: 'notice', notice: { kind: 'cut', id } satisfies Notice }, now);

/** The leader in these specs has token 7. */
const elected = (candidate: Candidate, now: number, holder: { id?: string; token?: number } = {}) => {
  const rival = { id: 'rival/1', token: 8, expiresIn: 400, ...holder };
  return candidate.on({ kind: 'notice', notice: { kind: 'elected', holder: rival } satisfies Notice }, now);
};

describe('a lease that was cut', () => {
  it('is renewed at once by its holder, and then as planned (G1)', () => {
    const candidate = Candidate.leading();
    expect(cut(candidate, 100)).toEqual([]);
    expect(candidate.asks).toMatchObject({ verb: 'renew', id: 'me/1' });
    candidate.reply(101, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(100 + SETTINGS.renewEvery);
    expect(candidate.state).toMatchObject({ term: { deadline: 100 + LIFETIME } });
  });

  it('is renewed again soon after a renewal, not at once, so that a flood of notices causes no flood of requests', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    candidate.reply(601, { status: 'renewed' });
    for (let now = 602; now < 615; now++) cut(candidate, now);
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBeCloseTo(600 + BACKOFF, 6);
  });

  it('during a renewal is renewed again after the reply, which may be older than the cut', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    cut(candidate, 605);
    candidate.reply(610, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(600 + BACKOFF);
    candidate.wake(600 + BACKOFF);
    candidate.reply(640, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(600 + BACKOFF + SETTINGS.renewEvery);
  });

  it('before its grant arrived is renewed soon after the grant (G1)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    cut(candidate, 5);
    candidate.reply(10, { status: 'granted', token: 7 });
    expect(candidate.state.phase).toBe('leading');
    expect(candidate.wakesAt).toBe(BACKOFF);
  });

  it.each<Notice>([{ kind: 'listening' }, { kind: 'released', id: 'old/1' }])(
    'before its grant arrived is not forgotten because of a later notice (G1): %j',
    (notice) => {
      const candidate = new Candidate();
      candidate.wake(0);
      cut(candidate, 5);
      candidate.on({ kind: 'notice', notice }, 6);
      candidate.reply(10, { status: 'granted', token: 7 });
      expect(candidate.wakesAt).toBe(BACKOFF);
    },
  );

  it('is renewed at once while its holder waits for work to stop (G7)', () => {
    const candidate = Candidate.leading();
    candidate.close(50);
    cut(candidate, 100);
    expect(candidate.asks).toMatchObject({ verb: 'renew', id: 'me/1' });
  });

  it('is ignored if renewals already fail while the holder waits for work to stop', () => {
    const candidate = Candidate.leading({ drain: 5_000 });
    candidate.close(50);
    candidate.wake(600);
    candidate.fail(610, 'STORE_UNAVAILABLE');
    cut(candidate, 612);
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(610 + BACKOFF);
  });

  it('is forgotten if the attempt is refused, so the next term is renewed as planned', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    cut(candidate, 5);
    candidate.reply(10, held(100));
    candidate.wake(111);
    candidate.reply(120, { status: 'granted', token: 8 });
    expect(candidate.wakesAt).toBe(111 + SETTINGS.renewEvery);
  });

  it('leaves other facts as they are: a subscribed leader stays subscribed', () => {
    const candidate = Candidate.leading();
    candidate.on({ kind: 'notice', notice: { kind: 'listening' } }, 2);
    candidate.wake(600);
    const { notices } = candidate.state;
    cut(candidate, 605);
    candidate.reply(610, { status: 'renewed' });
    expect(candidate.state.notices).toEqual({ ...notices, rivalToken: expect.any(Number) });
  });

  it('is ignored by a candidate that exits without a term', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.close(5);
    expect(cut(candidate, 10)).toEqual([]);
    candidate.reply(20, { status: 'granted', token: 7 });
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
  });

  it.each(['STORE_UNAVAILABLE', 'STORE_READONLY'] as const)(
    'is ignored if renewals already fail and are retried (%s)',
    (code) => {
      const candidate = Candidate.leading();
      candidate.wake(600);
      candidate.fail(610, code);
      cut(candidate, 612);
      expect(candidate.wakesAt).toBe(610 + BACKOFF);
    },
  );

  it('is ignored by other candidates, and a leader ignores the cut of another lease', () => {
    const leader = Candidate.leading();
    cut(leader, 100, 'rival/1');
    expect(leader.asks).toBeUndefined();
    expect(leader.wakesAt).toBe(600);
    const follower = new Candidate();
    follower.wake(0);
    follower.reply(1, { status: 'held', holder: { id: 'rival/1', token: 7, expiresIn: 400 } });
    const wakesAt = follower.wakesAt;
    cut(follower, 100, 'rival/1');
    expect(follower.wakesAt).toBe(wakesAt);
  });
});

describe('a leader that receives a notice of a later election', () => {
  it('renews at once, and keeps leading if it still has its lease (G1)', () => {
    const candidate = Candidate.leading();
    expect(elected(candidate, 100)).toEqual([]);
    expect(candidate.asks).toMatchObject({ verb: 'renew', id: 'me/1', token: 7 });
    expect(candidate.reply(101, { status: 'renewed' })).toEqual([]);
    expect(candidate.wakesAt).toBe(100 + SETTINGS.renewEvery);
  });

  it('ends its term by the reply, not by the notice (G1)', () => {
    const candidate = Candidate.leading();
    elected(candidate, 100);
    expect(candidate.state.role).toBe('leader');
    const { holder } = held(400);
    expect(candidate.reply(101, { status: 'lost', holder })).toMatchObject([{ role: 'follower', reason: 'lost' }]);
  });

  it('during a renewal, renews again after the reply, which may be older than the notice', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    elected(candidate, 605);
    candidate.reply(640, { status: 'renewed' });
    expect(candidate.asks).toMatchObject({ verb: 'renew' });
    candidate.reply(641, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(640 + SETTINGS.renewEvery);
  });

  it('renews no later than planned, however many notices arrive', () => {
    const candidate = Candidate.leading({ renewEvery: 10 });
    candidate.wake(10);
    elected(candidate, 11);
    candidate.reply(12, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(20);
  });

  it('during a renewal that fails, sends only the retry', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    elected(candidate, 605);
    candidate.fail(610, 'STORE_UNAVAILABLE');
    candidate.wake(610 + BACKOFF);
    candidate.reply(640, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(610 + BACKOFF + SETTINGS.renewEvery);
  });

  it('before its own grant arrives, renews soon after the grant (G1)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    elected(candidate, 5);
    elected(candidate, 6, { token: 6 }); // does not replace the higher token
    candidate.reply(10, { status: 'granted', token: 7 });
    expect(candidate.wakesAt).toBe(BACKOFF);
  });

  it.each([
    ['of its own term', { id: 'me/1' }],
    ['of an earlier term', { token: 6 }],
    ['without a token', { token: undefined }],
  ])('sends nothing for an election %s', (_, holder) => {
    const candidate = Candidate.leading();
    elected(candidate, 100, holder as { id?: string; token?: number });
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(600);
  });

  it.each([
    ['of its own term', { id: 'me/1' }],
    ['of an earlier term', { token: 6 }],
    ['without a token', { token: undefined }],
  ])('before its own grant arrives, renews no sooner for an election %s', (_, holder) => {
    const candidate = new Candidate();
    candidate.wake(0);
    elected(candidate, 5, holder as { id?: string; token?: number });
    candidate.reply(10, { status: 'granted', token: 7 });
    expect(candidate.wakesAt).toBe(600);
  });

  it('sends nothing during its exit, because it no longer leads', () => {
    const candidate = Candidate.leading();
    candidate.close(50);
    elected(candidate, 100);
    expect(candidate.asks).toBeUndefined();
  });
});

const connected = (candidate: Candidate, now: number) =>
  candidate.on({ kind: 'notice', notice: { kind: 'connected' } satisfies Notice }, now);

/**
 * Requests of a candidate within one timeout, while each ms brings one notice of each kind. Each
 * reply takes one ms.
 */
function requestsUnderFlood(candidate: Candidate, from: number, answer: (now: number) => void): number {
  let requests = 0;
  for (let now = from; now < from + SETTINGS.timeout; now++) {
    if (candidate.asks) answer(now);
    elected(candidate, now, { token: now });
    cut(candidate, now);
    connected(candidate, now);
    candidate.wake(now);
    if (candidate.state.sent?.at === now) requests += 1;
  }
  return requests;
}

/** One request in half a backoff, because timers may be early by as much. */
const LIMIT = (2 * SETTINGS.timeout) / BACKOFF;

describe('a flood of challenging notices and new connections', () => {
  it.each<[string, (candidate: Candidate, now: number) => void]>([
    ['is renewed', (candidate, now) => candidate.reply(now, { status: 'renewed' })],
    ['comes too late', (candidate, now) => candidate.reply(now, { status: 'late' })],
    ['is refused', (candidate, now) => candidate.fail(now, 'STORE_READONLY')],
    ['is not answered', (candidate, now) => candidate.fail(now, 'STORE_UNAVAILABLE')],
  ])('causes no flood of requests from a leader whose renewal %s, nor during an exit', (_, answer) => {
    const leader = Candidate.leading();
    expect(requestsUnderFlood(leader, 100, (now) => answer(leader, now))).toBeLessThanOrEqual(LIMIT);
    const leaving = Candidate.leading();
    leaving.close(99);
    expect(requestsUnderFlood(leaving, 100, (now) => answer(leaving, now))).toBeLessThanOrEqual(LIMIT);
  });

  it.each<[string, (candidate: Candidate, now: number) => void]>([
    ['is refused', (candidate, now) => candidate.reply(now, held(1_000))],
    ['fails', (candidate, now) => candidate.fail(now, 'STORE_UNAVAILABLE')],
  ])('causes no flood of requests from a follower whose attempt %s', (_, answer) => {
    const follower = new Candidate();
    follower.wake(0);
    follower.reply(1, held(1_000));
    expect(requestsUnderFlood(follower, 100, (now) => answer(follower, now))).toBeLessThanOrEqual(LIMIT);
  });

  it('wakes no candidate whose term is over', () => {
    const candidate = Candidate.leading({ drain: 5_000 });
    candidate.close(50);
    candidate.wake(600);
    candidate.reply(601, { status: 'lost' });
    cut(candidate, 610);
    expect(candidate.wakesAt).toBe(50 + 5_000);
  });
});
