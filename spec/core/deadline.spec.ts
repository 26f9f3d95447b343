import { describe, expect, it } from '@jest/globals';
import { Candidate, held, LIFETIME, storeError } from '../support/candidate.js';

/** A leader whose renewal, asked for at 600, is in flight. */
function renewing(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
  const candidate = Candidate.leading(options);
  candidate.wake(600);
  return candidate;
}

/** Lets every renewal fail with `code`, 100 ms after it is asked for, until the term is over; gives the time of that. */
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

  it('gives follower first and then the error that renewals failed with; attempts go on by wait', () => {
    const candidate = Candidate.leading();
    const end = starve(candidate, 'STORE_READONLY');
    expect(candidate.wake(end)).toEqual([
      { role: 'follower', reason: 'expired' },
      { role: 'error', error: storeError('STORE_READONLY') },
    ]);
    expect(candidate.wakesAt).toBe(end + 500);
  });

  it.each(['STORE_TIMEOUT', 'STORE_READONLY'] as const)(
    'says nothing of errors before the last success (%s)',
    (code) => {
      const candidate = renewing();
      candidate.fail(700, code);
      candidate.wake(725);
      candidate.reply(726, { status: 'renewed' });
      candidate.wake(1_325);
      expect(candidate.wake(725 + LIFETIME)).toEqual([{ role: 'follower', reason: 'expired' }]);
    },
  );

  it('is stalled, not expired, when it is noticed only after the guard has passed', () => {
    expect(Candidate.leading().wake(LIFETIME + 101)).toEqual([{ role: 'follower', reason: 'expired' }]);
    expect(Candidate.leading().wake(LIFETIME + 102)).toEqual([{ role: 'follower', reason: 'stalled' }]);
  });

  it('is stalled without an error, whatever renewals failed with before', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_READONLY');
    expect(candidate.wake(LIFETIME + 500)).toEqual([{ role: 'follower', reason: 'stalled' }]);
  });

  it('leaves the id behind, to be compare-and-deleted before the next attempt (G4)', () => {
    const candidate = Candidate.leading();
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
    candidate.reply(LIFETIME + 501, { status: 'released' });
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/2' });
  });

  it('leaves the candidate in the dark when its last renewal is unanswered', () => {
    const candidate = renewing();
    candidate.wake(LIFETIME);
    expect(candidate.asks?.verb).toBe('read');
  });

  it('leaves it in the dark between two unanswered renewals, too', () => {
    const candidate = renewing();
    candidate.fail(LIFETIME - 10, 'STORE_TIMEOUT');
    candidate.wake(LIFETIME);
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks?.verb).toBe('read');
  });

  it('leaves it in the light when a renewal has been answered since', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(725);
    candidate.reply(726, { status: 'renewed' });
    candidate.wake(725 + LIFETIME);
    expect(candidate.asks?.verb).toBe('release');
  });

  it('leaves it in the light when the answer was that something else stands there', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(725);
    candidate.fail(726, 'KEY_CONFLICT');
    candidate.wake(1_226);
    expect(candidate.asks?.verb).toBe('release');
  });

  it('is told once: standing by afterwards is no news', () => {
    const candidate = Candidate.leading();
    candidate.wake(LIFETIME + 500);
    candidate.reply(LIFETIME + 501, { status: 'gone' });
    expect(candidate.reply(LIFETIME + 502, held(200))).toEqual([]);
  });

  it('counts no failed renewal as a silence of the campaign that follows', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks?.verb).toBe('read');
    expect(candidate.fail(LIFETIME + 600, 'STORE_TIMEOUT')).toEqual([]);
  });

  it('leaves it in the light when the last failure was an answer', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(725);
    candidate.reply(LIFETIME - 10, { status: 'late' });
    candidate.wake(LIFETIME);
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks?.verb).toBe('release');
  });

  it('comes before the reply to a renewal that is heard after it: a late reply revives nothing (G2, G4)', () => {
    const candidate = renewing();
    const { sent } = candidate.state;
    if (!sent) throw new Error('nothing was asked');
    const decisions = candidate.on({ kind: 'reply', sent, reply: { status: 'renewed', token: 99 } }, LIFETIME + 1);
    expect(decisions).toEqual([{ role: 'follower', reason: 'expired' }]);
    expect(candidate.state.phase).toBe('campaigning');
    expect(candidate.state.memory.token).toBe(7);
  });
});
