import { describe, expect, it } from '@jest/globals';
import { Candidate, held, LIFETIME, storeError } from '../support/candidate.js';

/** A leader whose renewal, sent at 600, is in flight. */
function renewing(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
  const candidate = Candidate.leading(options);
  candidate.wake(600);
  return candidate;
}

/**
 * Fails every renewal with `code` 100 ms after it was sent until the term ends. Returns the time of
 * the end.
 */
function starve(candidate: Candidate, code: 'STORE_TIMEOUT' | 'STORE_READONLY'): number {
  for (let now = candidate.wakesAt; now < LIFETIME; now = candidate.wakesAt) {
    candidate.wake(now);
    if (now + 100 < LIFETIME) candidate.fail(now + 100, code);
  }
  return LIFETIME;
}

describe('a deadline', () => {
  it('ends the term: follower/expired (G2)', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    expect(candidate.wake(LIFETIME - 1)).toEqual([]);
    expect(candidate.wake(LIFETIME)).toEqual([{ role: 'follower', reason: 'expired' }]);
    expect(candidate.state.holder).toBeUndefined();
  });

  it('emits follower, then the error of the failed renewals, and attempts continue by wait', () => {
    const candidate = Candidate.leading();
    const end = starve(candidate, 'STORE_READONLY');
    expect(candidate.wake(end)).toEqual([
      { role: 'follower', reason: 'expired' },
      { role: 'error', error: storeError('STORE_READONLY') },
    ]);
    expect(candidate.wakesAt).toBe(end + 500);
  });

  it.each(['STORE_TIMEOUT', 'STORE_READONLY'] as const)(
    'does not emit errors from before the last confirmed renewal (%s)',
    (code) => {
      const candidate = renewing();
      candidate.fail(700, code);
      candidate.wake(725);
      candidate.reply(726, { status: 'renewed' });
      candidate.wake(1_325);
      expect(candidate.wake(725 + LIFETIME)).toEqual([{ role: 'follower', reason: 'expired' }]);
    },
  );

  it('is stalled, not expired, if the term is ended only after the guard has passed', () => {
    expect(Candidate.leading().wake(LIFETIME + 101)).toEqual([{ role: 'follower', reason: 'expired' }]);
    expect(Candidate.leading().wake(LIFETIME + 102)).toEqual([{ role: 'follower', reason: 'stalled' }]);
  });

  it('is stalled without an error, whatever made renewals fail before', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_READONLY');
    expect(candidate.wake(LIFETIME + 500)).toEqual([{ role: 'follower', reason: 'stalled' }]);
  });

  it('retires the id, to be released before the next attempt (G4)', () => {
    const candidate = Candidate.leading();
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
    candidate.reply(LIFETIME + 501, { status: 'released' });
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/2' });
  });

  it('makes the candidate read first if its last renewal is unanswered', () => {
    const candidate = renewing();
    candidate.wake(LIFETIME);
    expect(candidate.asks?.verb).toBe('read');
  });

  it('makes it read first between two unanswered renewals, too', () => {
    const candidate = renewing();
    candidate.fail(LIFETIME - 10, 'STORE_TIMEOUT');
    candidate.wake(LIFETIME);
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks?.verb).toBe('read');
  });

  it('lets it try at once if a renewal was answered since', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(725);
    candidate.reply(726, { status: 'renewed' });
    candidate.wake(725 + LIFETIME);
    expect(candidate.asks?.verb).toBe('release');
  });

  it('lets it try at once if the answer was a key conflict', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(725);
    candidate.fail(726, 'KEY_CONFLICT');
    candidate.wake(1_226);
    expect(candidate.asks?.verb).toBe('release');
  });

  it('emits one transition: standing by afterwards emits no second one', () => {
    const candidate = Candidate.leading();
    candidate.wake(LIFETIME + 500);
    candidate.reply(LIFETIME + 501, { status: 'gone' });
    expect(candidate.reply(LIFETIME + 502, held(200))).toEqual([]);
  });

  it('does not count failed renewals as unanswered requests of the next campaign', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks?.verb).toBe('read');
    expect(candidate.fail(LIFETIME + 600, 'STORE_TIMEOUT')).toEqual([]);
  });

  it('lets it try at once if the last failure was an answer', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(725);
    candidate.reply(LIFETIME - 10, { status: 'late' });
    candidate.wake(LIFETIME);
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks?.verb).toBe('release');
  });

  it('is handled before a reply to a renewal that arrives after it, so a late reply revives nothing (G2, G4)', () => {
    const candidate = renewing();
    const { sent } = candidate.state;
    if (!sent) throw new Error('no request is in flight');
    const decisions = candidate.on({ kind: 'reply', sent, reply: { status: 'renewed', token: 99 } }, LIFETIME + 1);
    expect(decisions).toEqual([{ role: 'follower', reason: 'expired' }]);
    expect(candidate.state.phase).toBe('campaigning');
    expect(candidate.state.memory.token).toBe(7);
  });
});
