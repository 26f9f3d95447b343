import { describe, expect, it } from '@jest/globals';
import { Candidate, held } from '../support/candidate.js';

describe('leaving without a term', () => {
  it('is over at once when nothing of ours can be in the store', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(9_999));
    expect(candidate.close(10)).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'done', released: false });
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
    expect(candidate.state.phase).toBe('done');
  });

  it('releases nothing when that acquire was refused or too late', () => {
    for (const reply of [held(99), { status: 'late' } as const]) {
      const candidate = new Candidate();
      candidate.wake(0);
      candidate.close(10);
      candidate.reply(50, reply);
      expect(candidate.state.phase).toBe('done');
    }
  });

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

  it('has nothing to resign from', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, held(9_999));
    expect(candidate.resign(10, 50)).toEqual([]);
    expect(candidate.state.phase).toBe('campaigning');
    expect(candidate.wakesAt).toBe(501);
  });
});
