import { describe, expect, it } from '@jest/globals';
import { markUnsent } from '../../lib/port/errors.js';
import { Candidate, held, LIFETIME, storeError } from '../support/candidate.js';

/**
 * A follower that learned at time 1 that the lease lasts until 10 000, and so tries again at 501.
 */
function follower(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
  const candidate = new Candidate(options);
  candidate.wake(0);
  candidate.reply(1, held(9_999));
  return candidate;
}

describe('a failed request', () => {
  it('is retried after timeout / 4 if it is the first without an answer, and emits nothing', () => {
    for (const code of ['STORE_TIMEOUT', 'STORE_UNAVAILABLE'] as const) {
      const candidate = follower();
      candidate.wake(501);
      expect(candidate.fail(601, code)).toEqual([]);
      expect(candidate.wakesAt).toBe(626);
    }
  });

  it('is an error at the second unanswered request in a row, once, and attempts continue by wait and jitter', () => {
    const candidate = follower({ random: 0.5 });
    candidate.wake(521);
    candidate.fail(621, 'STORE_TIMEOUT');
    candidate.wake(646);
    expect(candidate.fail(746, 'STORE_TIMEOUT')).toEqual([{ role: 'error', error: storeError('STORE_TIMEOUT') }]);
    expect(candidate.wakesAt).toBe(746 + 500 + 20);
    candidate.wake(1_266);
    expect(candidate.fail(1_366, 'STORE_UNAVAILABLE')).toEqual([]);
    expect(candidate.wakesAt).toBe(1_366 + 500 + 20);
  });

  it('is retried by wait if the error was emitted before, at the end of a term', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    candidate.fail(601, 'STORE_READONLY');
    expect(candidate.wake(LIFETIME)).toMatchObject([{ reason: 'expired' }, { role: 'error' }]);
    candidate.wake(LIFETIME + 500);
    expect(candidate.asks?.verb).toBe('release');
    expect(candidate.fail(LIFETIME + 600, 'STORE_TIMEOUT')).toEqual([]);
    expect(candidate.wakesAt).toBe(LIFETIME + 600 + 500);
  });

  it('is an error at once if the store answered with an error', () => {
    const candidate = follower();
    candidate.wake(501);
    expect(candidate.fail(502, 'STORE_DENIED')).toEqual([{ role: 'error', error: storeError('STORE_DENIED') }]);
    expect(candidate.state.holder).toBeUndefined();
  });

  it('is forgotten after an answered attempt, so the next unanswered request counts as the first again', () => {
    const candidate = follower();
    candidate.wake(501);
    candidate.fail(601, 'STORE_TIMEOUT');
    candidate.wake(626);
    candidate.reply(627, { status: 'free' });
    candidate.reply(628, { status: 'gone' });
    candidate.reply(629, held(9_999));
    candidate.wake(1_129);
    expect(candidate.fail(1_229, 'STORE_TIMEOUT')).toEqual([]);
  });

  it('is not forgotten after an answered read', () => {
    const candidate = follower();
    candidate.wake(501);
    candidate.fail(601, 'STORE_TIMEOUT');
    candidate.wake(626);
    candidate.reply(627, { status: 'free' });
    candidate.reply(628, { status: 'gone' });
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.fail(728, 'STORE_TIMEOUT')).toMatchObject([{ role: 'error' }]);
  });
});

describe('an attempt of unknown outcome', () => {
  it.each(['STORE_TIMEOUT', 'STORE_UNAVAILABLE'] as const)(
    'is followed by reads until one is answered, then by a release of its id, then by an attempt under a new id (%s, G4)',
    (code) => {
      const candidate = follower();
      candidate.wake(501);
      candidate.fail(601, code);
      candidate.wake(626);
      expect(candidate.asks).toEqual({ verb: 'read', key: 'k', timeout: 100 });
      candidate.fail(726, code);
      candidate.wake(1_226);
      expect(candidate.asks?.verb).toBe('read');
      candidate.reply(1_227, held(9_999));
      expect(candidate.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1' });
      candidate.reply(1_228, { status: 'gone' });
      expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/2' });
    },
  );

  it('is released after an invalid reply, too, without reads before', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.fail(1, 'STORE_REPLY');
    candidate.wake(501);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
  });

  it('keeps its id if it is refused, because a refused request granted nothing', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.fail(1, 'STORE_FULL');
    candidate.wake(501);
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/1' });
  });

  it('is released before the next attempt, even if that takes several tries', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.fail(1, 'STORE_REPLY');
    candidate.wake(501);
    candidate.fail(502, 'STORE_READONLY');
    candidate.wake(1_002);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
  });

  it('shows the holder that the read found', () => {
    const reading = () => {
      const candidate = follower();
      candidate.wake(501);
      candidate.fail(601, 'STORE_TIMEOUT');
      candidate.wake(626);
      return candidate;
    };
    const nobody = reading();
    nobody.reply(627, { status: 'free' });
    expect(nobody.state.holder).toBeUndefined();
    const other = reading();
    const holder = { id: 'other/1', name: 'other', token: 42, expiresIn: 400 };
    other.reply(627, { status: 'held', holder });
    expect(other.state.holder).toEqual({ holder, at: 627 });
  });
});

describe('an attempt that was never sent', () => {
  const fail = (candidate: Candidate, now: number) => {
    const { sent } = candidate.state;
    if (!sent) throw new Error('no request is in flight');
    return candidate.on({ kind: 'failure', sent, error: markUnsent(storeError('STORE_UNAVAILABLE')) }, now);
  };

  it('is repeated under its id, and is an error the second time', () => {
    const candidate = follower();
    candidate.wake(501);
    expect(fail(candidate, 502)).toEqual([]);
    candidate.wake(527);
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/1' });
    expect(fail(candidate, 528)).toMatchObject([{ role: 'error', error: { code: 'STORE_UNAVAILABLE' } }]);
    candidate.wake(1_028);
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/1' });
  });

  it('does not end the reads after an unanswered attempt, which may have been sent (G4)', () => {
    const candidate = follower();
    candidate.wake(501);
    candidate.fail(601, 'STORE_TIMEOUT');
    candidate.wake(626);
    expect(candidate.asks?.verb).toBe('read');
    fail(candidate, 627);
    candidate.wake(1_127);
    expect(candidate.asks?.verb).toBe('read');
  });

  it('does not cause reads after a term either', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    fail(candidate, 601);
    expect([candidate.state.mustProbe, candidate.wakesAt]).toEqual([false, 626]);
    candidate.wake(626);
    candidate.fail(627, 'STORE_TIMEOUT');
    candidate.wake(652);
    fail(candidate, 653);
    expect(candidate.state.mustProbe).toBe(true);
  });
});

describe('recovery from error', () => {
  function failed(): Candidate {
    const candidate = follower();
    candidate.wake(501);
    candidate.fail(502, 'STORE_READONLY');
    candidate.wake(1_002);
    return candidate;
  }

  it('is follower/standby if another candidate leads', () => {
    expect(failed().reply(1_003, held(100))).toEqual([
      { role: 'follower', reason: 'standby', leader: held(100).holder },
    ]);
  });

  it('is leader if the lease is granted', () => {
    expect(failed().reply(1_003, { status: 'granted', token: 9 })).toMatchObject([{ role: 'leader' }]);
  });
});
