import { describe, expect, it } from '@jest/globals';
import { Candidate, held } from '../support/candidate.js';

describe('leaving without a term', () => {
  it('is over at once when nothing of ours can be in the store', () => {
    const candidate = new Candidate();
    expect(candidate.close(10)).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'done', released: false });
  });

  it('takes whoever stands by off the list, under the id, name and data it is listed by', () => {
    const candidate = new Candidate({ data: 'http://me' });
    candidate.wake(0);
    candidate.reply(1, held(9_999));
    expect(candidate.close(10)).toEqual([]);
    const withdrawal = { verb: 'withdraw', key: 'k', timeout: 100, id: 'me/1', name: 'me', data: 'http://me' };
    expect(candidate.asks).toEqual(withdrawal);
    candidate.reply(11, { status: 'withdrawn' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: false });
  });

  it('is over when that fails, too', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(9_999));
    candidate.close(10);
    candidate.fail(110, 'STORE_TIMEOUT');
    expect(candidate.state.phase).toBe('done');
  });

  it('asks a silent store for nothing: the list forgets by itself', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(300));
    candidate.wake(302);
    candidate.fail(402, 'STORE_TIMEOUT');
    candidate.wake(427);
    candidate.fail(527, 'STORE_TIMEOUT');
    candidate.close(530);
    candidate.on({ kind: 'drained' }, 530);
    expect(candidate.asks?.verb).toBe('release'); // of what that acquire may have left
    candidate.fail(630, 'STORE_TIMEOUT');
    expect(candidate.state.phase).toBe('done');
  });

  it('drops a read', () => {
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

  it('awaits an acquire in flight, and releases what that brought', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.close(10);
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.reply(50, { status: 'granted', token: 7 })).toEqual([]);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
    candidate.reply(51, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: false }); // that was no term
  });

  it('releases nothing when that acquire was too late', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.close(10);
    candidate.reply(50, { status: 'late' });
    expect(candidate.state.phase).toBe('done');
  });

  it.each([held(99), { status: 'suspect', wait: 99 } as const])(
    'releases nothing when that acquire was refused ($status), which has listed it only',
    (reply) => {
      const candidate = new Candidate();
      candidate.wake(0);
      candidate.close(10);
      candidate.reply(50, reply);
      expect(candidate.asks).toMatchObject({ verb: 'withdraw', id: 'me/1' });
    },
  );

  it('compare-and-deletes an acquire that is never answered (G4)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.close(10);
    candidate.fail(100, 'STORE_TIMEOUT');
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1', timeout: 100 });
  });

  it('compare-and-deletes what earlier attempts may have left, and hears a deletion under way', () => {
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

  it('lets everyone hear of what it gives up, also where it could hear of a successor', () => {
    const candidate = new Candidate();
    candidate.on({ kind: 'notice', notice: { kind: 'listening' } }, 0);
    candidate.close(10);
    candidate.fail(100, 'STORE_TIMEOUT');
    expect(candidate.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1' });
  });

  it('has nothing to resign from', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(9_999));
    expect(candidate.resign(10, 50)).toEqual([]);
    expect(candidate.state.phase).toBe('campaigning');
    expect(candidate.wakesAt).toBe(501);
  });
});
