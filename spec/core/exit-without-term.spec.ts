import { describe, expect, it } from '@jest/globals';
import { Candidate, held } from '../support/candidate.js';

describe('an exit without a term', () => {
  it('is over at once if nothing of this candidate can be in the store', () => {
    const candidate = new Candidate();
    expect(candidate.close(10)).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'done', released: false });
  });

  it('removes a standby candidate from the list under its id, name and data', () => {
    const candidate = new Candidate({ data: 'http://me' });
    candidate.wake(0);
    candidate.reply(1, held(9_999));
    expect(candidate.close(10)).toEqual([]);
    const withdrawal = { verb: 'withdraw', key: 'k', timeout: 100, id: 'me/1', name: 'me', data: 'http://me' };
    expect(candidate.asks).toEqual(withdrawal);
    candidate.reply(11, { status: 'withdrawn' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: false });
  });

  it('is over if the removal fails', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(9_999));
    candidate.close(10);
    candidate.fail(110, 'STORE_TIMEOUT');
    expect(candidate.state.phase).toBe('done');
  });

  it('sends nothing to a store that does not answer, because the list expires by itself', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(300));
    candidate.wake(302);
    candidate.fail(402, 'STORE_TIMEOUT');
    candidate.wake(427);
    candidate.fail(527, 'STORE_TIMEOUT');
    candidate.close(530);
    candidate.on({ kind: 'drained' }, 530);
    expect(candidate.asks?.verb).toBe('release'); // the acquire request may have been granted
    candidate.fail(630, 'STORE_TIMEOUT');
    expect(candidate.state.phase).toBe('done');
  });

  it('drops a read in flight', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.fail(100, 'STORE_TIMEOUT');
    candidate.wake(125);
    candidate.reply(126, { status: 'free' });
    candidate.reply(127, { status: 'gone' });
    candidate.fail(227, 'STORE_TIMEOUT');
    candidate.wake(727);
    expect(candidate.asks?.verb).toBe('read');
    candidate.close(730);
    expect(candidate.asks).toBeUndefined();
    candidate.on({ kind: 'drained' }, 730);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/2' });
  });

  it('waits for an acquire request in flight, and releases the lease if it was granted', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.close(10);
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.reply(50, { status: 'granted', token: 7 })).toEqual([]);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
    candidate.reply(51, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: false }); // there was no term
  });

  it('releases nothing if that acquire request came too late', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.close(10);
    candidate.reply(50, { status: 'late' });
    expect(candidate.state.phase).toBe('done');
  });

  it.each([held(99), { status: 'suspect', wait: 99 } as const])(
    'releases nothing if that acquire request was refused ($status) and only listed the candidate',
    (reply) => {
      const candidate = new Candidate();
      candidate.wake(0);
      candidate.close(10);
      candidate.reply(50, reply);
      expect(candidate.asks).toMatchObject({ verb: 'withdraw', id: 'me/1' });
    },
  );

  it('releases an acquire request that is never answered (G4)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.close(10);
    candidate.fail(100, 'STORE_TIMEOUT');
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1', timeout: 100 });
  });

  it('releases the lease that earlier attempts may have left, and waits for a release in flight', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.fail(1, 'STORE_REPLY');
    candidate.wake(501);
    const { sent } = candidate.state;
    candidate.close(502);
    expect(candidate.state.sent).toBe(sent);
    candidate.reply(503, { status: 'gone' });
    expect(candidate.state.phase).toBe('done');
  });

  it('notifies everyone of its release, even while it receives notices itself', () => {
    const candidate = new Candidate();
    candidate.on({ kind: 'notice', notice: { kind: 'listening' } }, 0);
    candidate.close(10);
    candidate.fail(100, 'STORE_TIMEOUT');
    expect(candidate.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1' });
  });

  it('ignores a resignation', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(9_999));
    expect(candidate.resign(10, 50)).toEqual([]);
    expect(candidate.state.phase).toBe('campaigning');
    expect(candidate.wakesAt).toBe(501);
  });
});
