import { describe, expect, it } from '@jest/globals';
import type { Notice } from '../../lib/port/lease-store.js';
import { Candidate, held, LIFETIME, SETTINGS } from '../support/candidate.js';

const BACKOFF = SETTINGS.timeout / 4;

const cut = (candidate: Candidate, now: number, id = 'me/1') =>
  candidate.on({ kind: 'notice', notice: { kind: 'cut', id } satisfies Notice }, now);

/** The leader of these specs has the token 7. */
const elected = (candidate: Candidate, now: number, holder: { id?: string; token?: number } = {}) => {
  const told = { id: 'rival/1', token: 8, expiresIn: 400, ...holder };
  return candidate.on({ kind: 'notice', notice: { kind: 'elected', holder: told } satisfies Notice }, now);
};

describe('a lease that somebody has cut', () => {
  it('is renewed at once by its holder, and then as planned (G1)', () => {
    const candidate = Candidate.leading();
    expect(cut(candidate, 100)).toEqual([]);
    expect(candidate.asks).toMatchObject({ verb: 'renew', id: 'me/1' });
    candidate.reply(101, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(100 + SETTINGS.renewEvery);
    expect(candidate.state).toMatchObject({ term: { deadline: 100 + LIFETIME } });
  });

  it('is renewed again soon after it was renewed, not at once: a flood of notices makes none of requests', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    candidate.reply(601, { status: 'renewed' });
    for (let now = 602; now < 615; now++) cut(candidate, now);
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBeCloseTo(600 + BACKOFF, 6);
  });

  it('while a renewal is under way is renewed again after its answer, which may have been made before', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    cut(candidate, 605);
    candidate.reply(610, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(600 + BACKOFF);
    candidate.wake(600 + BACKOFF);
    candidate.reply(640, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(600 + BACKOFF + SETTINGS.renewEvery);
  });

  it('before its grant was heard is renewed soon after that (G1)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    cut(candidate, 5);
    candidate.reply(10, { status: 'granted', token: 7 });
    expect(candidate.state.phase).toBe('leading');
    expect(candidate.wakesAt).toBe(BACKOFF);
  });

  it.each<Notice>([{ kind: 'listening' }, { kind: 'released', id: 'old/1' }])(
    'before its grant was heard is not forgotten for what is told after it (G1): %j',
    (notice) => {
      const candidate = new Candidate();
      candidate.wake(0);
      cut(candidate, 5);
      candidate.on({ kind: 'notice', notice }, 6);
      candidate.reply(10, { status: 'granted', token: 7 });
      expect(candidate.wakesAt).toBe(BACKOFF);
    },
  );

  it('is renewed at once while its holder waits for the work to stop (G7)', () => {
    const candidate = Candidate.leading();
    candidate.close(50);
    cut(candidate, 100);
    expect(candidate.asks).toMatchObject({ verb: 'renew', id: 'me/1' });
  });

  it('is nothing to one whose renewals fail while it waits for the work to stop', () => {
    const candidate = Candidate.leading({ drain: 5_000 });
    candidate.close(50);
    candidate.wake(600);
    candidate.fail(610, 'STORE_UNAVAILABLE');
    cut(candidate, 612);
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(610 + BACKOFF);
  });

  it('is forgotten with the refusal of what was asked for: the next term is renewed as planned', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    cut(candidate, 5);
    candidate.reply(10, held(100));
    candidate.wake(111);
    candidate.reply(120, { status: 'granted', token: 8 });
    expect(candidate.wakesAt).toBe(111 + SETTINGS.renewEvery);
  });

  it('leaves what else is known of the store as it is: a leader that hears is one still', () => {
    const candidate = Candidate.leading();
    candidate.on({ kind: 'notice', notice: { kind: 'listening' } }, 2);
    candidate.wake(600);
    const { notices } = candidate.state;
    cut(candidate, 605);
    candidate.reply(610, { status: 'renewed' });
    expect(candidate.state.notices).toEqual({ ...notices, rivalToken: expect.any(Number) });
  });

  it('is nothing to one who leaves without a term', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.close(5);
    expect(cut(candidate, 10)).toEqual([]);
    candidate.reply(20, { status: 'granted', token: 7 });
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
  });

  it.each(['STORE_UNAVAILABLE', 'STORE_READONLY'] as const)(
    'is nothing to one whose renewals fail: it renews again and again already (%s)',
    (code) => {
      const candidate = Candidate.leading();
      candidate.wake(600);
      candidate.fail(610, code);
      cut(candidate, 612);
      expect(candidate.wakesAt).toBe(610 + BACKOFF);
    },
  );

  it("is nothing to anybody else, and another's is nothing to a leader", () => {
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

describe('a leader that hears of an election after its own', () => {
  it('asks at once whether it has its lease still, and leads on if it has (G1)', () => {
    const candidate = Candidate.leading();
    expect(elected(candidate, 100)).toEqual([]);
    expect(candidate.asks).toMatchObject({ verb: 'renew', id: 'me/1', token: 7 });
    expect(candidate.reply(101, { status: 'renewed' })).toEqual([]);
    expect(candidate.wakesAt).toBe(100 + SETTINGS.renewEvery);
  });

  it('ends its term by the answer, not by the notice (G1)', () => {
    const candidate = Candidate.leading();
    elected(candidate, 100);
    expect(candidate.state.role).toBe('leader');
    const { holder } = held(400);
    expect(candidate.reply(101, { status: 'lost', holder })).toMatchObject([{ role: 'follower', reason: 'lost' }]);
  });

  it('while a renewal is under way asks again after its answer, which may have been made before', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    elected(candidate, 605);
    candidate.reply(640, { status: 'renewed' });
    expect(candidate.asks).toMatchObject({ verb: 'renew' });
    candidate.reply(641, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(640 + SETTINGS.renewEvery);
  });

  it('asks no later than it would by itself, however often that is', () => {
    const candidate = Candidate.leading({ renewEvery: 10 });
    candidate.wake(10);
    elected(candidate, 11);
    candidate.reply(12, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(20);
  });

  it('while a renewal is under way that fails has asked again by repeating it', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    elected(candidate, 605);
    candidate.fail(610, 'STORE_UNAVAILABLE');
    candidate.wake(610 + BACKOFF);
    candidate.reply(640, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(610 + BACKOFF + SETTINGS.renewEvery);
  });

  it('before it hears of its own grant asks soon after that (G1)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    elected(candidate, 5);
    elected(candidate, 6, { token: 6 }); // does not displace it
    candidate.reply(10, { status: 'granted', token: 7 });
    expect(candidate.wakesAt).toBe(BACKOFF);
  });

  it.each([
    ['of its own', { id: 'me/1' }],
    ['of one before', { token: 6 }],
    ['of nobody knows when', { token: undefined }],
  ])('asks nothing for an election %s', (_, holder) => {
    const candidate = Candidate.leading();
    elected(candidate, 100, holder as { id?: string; token?: number });
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(600);
  });

  it.each([
    ['of its own', { id: 'me/1' }],
    ['of one before', { token: 6 }],
    ['of nobody knows when', { token: undefined }],
  ])('heard of before its grant asks no sooner for an election %s', (_, holder) => {
    const candidate = new Candidate();
    candidate.wake(0);
    elected(candidate, 5, holder as { id?: string; token?: number });
    candidate.reply(10, { status: 'granted', token: 7 });
    expect(candidate.wakesAt).toBe(600);
  });

  it('and is on its way out asks nothing: it does not lead any more', () => {
    const candidate = Candidate.leading();
    candidate.close(50);
    elected(candidate, 100);
    expect(candidate.asks).toBeUndefined();
  });
});

const connected = (candidate: Candidate, now: number) =>
  candidate.on({ kind: 'notice', notice: { kind: 'connected' } satisfies Notice }, now);

/** Requests within a timeout of one who is told of each in each ms, and whose answers take one. */
function asksUnderFlood(candidate: Candidate, from: number, answer: (now: number) => void): number {
  let asked = 0;
  for (let now = from; now < from + SETTINGS.timeout; now++) {
    if (candidate.asks) answer(now);
    elected(candidate, now, { token: now });
    cut(candidate, now);
    connected(candidate, now);
    candidate.wake(now);
    if (candidate.state.sent?.at === now) asked += 1;
  }
  return asked;
}

/** One in half a backoff: alarms may be early by as much. */
const MOST = (2 * SETTINGS.timeout) / BACKOFF;

describe('a flood of notices that call a lease in question, and of connections', () => {
  it.each<[string, (candidate: Candidate, now: number) => void]>([
    ['is renewed', (candidate, now) => candidate.reply(now, { status: 'renewed' })],
    ['comes too late', (candidate, now) => candidate.reply(now, { status: 'late' })],
    ['is refused', (candidate, now) => candidate.fail(now, 'STORE_READONLY')],
    ['is not answered', (candidate, now) => candidate.fail(now, 'STORE_UNAVAILABLE')],
  ])('raises none of requests of a leader whose renewal %s, nor of one who is on the way out', (_, answer) => {
    const leader = Candidate.leading();
    expect(asksUnderFlood(leader, 100, (now) => answer(leader, now))).toBeLessThanOrEqual(MOST);
    const leaving = Candidate.leading();
    leaving.close(99);
    expect(asksUnderFlood(leaving, 100, (now) => answer(leaving, now))).toBeLessThanOrEqual(MOST);
  });

  it.each<[string, (candidate: Candidate, now: number) => void]>([
    ['is refused', (candidate, now) => candidate.reply(now, held(1_000))],
    ['fails', (candidate, now) => candidate.fail(now, 'STORE_UNAVAILABLE')],
  ])('nor one of connections that do not last: of a follower whose attempt %s', (_, answer) => {
    const follower = new Candidate();
    follower.wake(0);
    follower.reply(1, held(1_000));
    expect(asksUnderFlood(follower, 100, (now) => answer(follower, now))).toBeLessThanOrEqual(MOST);
  });

  it('wakes nobody whose term is over', () => {
    const candidate = Candidate.leading({ drain: 5_000 });
    candidate.close(50);
    candidate.wake(600);
    candidate.reply(601, { status: 'lost' });
    cut(candidate, 610);
    expect(candidate.wakesAt).toBe(50 + 5_000);
  });
});
