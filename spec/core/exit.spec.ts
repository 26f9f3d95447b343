import { describe, expect, it } from '@jest/globals';
import { Candidate, held, LIFETIME } from '../support/candidate.js';

const drained = { kind: 'drained' } as const;

/** A leader that started its exit at 100. */
function leaving(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
  const candidate = Candidate.leading(options);
  candidate.close(100);
  return candidate;
}

describe('the exit of a leader', () => {
  it('emits follower at once, with the reason', () => {
    expect(Candidate.leading().close(100)).toEqual([{ role: 'follower', reason: 'closed' }]);
    expect(Candidate.leading().resign(100, 50)).toEqual([{ role: 'follower', reason: 'resigned' }]);
    expect(leaving().state.holder).toBeUndefined();
  });

  it('names the requested successor in the release of its term', () => {
    const candidate = Candidate.leading();
    candidate.on({ kind: 'exit', reason: 'resigned', cooldown: 50, successor: 'next/1' }, 100);
    candidate.on(drained, 150);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1', successor: 'next/1' });
  });

  it('releases only after the work has stopped (G7)', () => {
    const candidate = leaving();
    expect(candidate.asks).toBeUndefined();
    candidate.on(drained, 150);
    expect(candidate.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1' });
  });

  it('releases after drain even if the work has not stopped', () => {
    const candidate = leaving();
    expect(candidate.wakesAt).toBe(400);
    candidate.wake(399);
    expect(candidate.asks).toBeUndefined();
    candidate.wake(400);
    expect(candidate.asks?.verb).toBe('release');
  });

  it('renews until then, so that the lease lasts as long as the work', () => {
    const candidate = leaving({ drain: 5_000 });
    expect(candidate.wakesAt).toBe(600);
    candidate.wake(600);
    expect(candidate.asks).toMatchObject({ verb: 'renew', id: 'me/1', token: 7 });
    expect(candidate.wakesAt).toBe(Number.POSITIVE_INFINITY);
    candidate.reply(601, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(1_200);
    expect(candidate.state).toMatchObject({ term: { deadline: 600 + LIFETIME } });
  });

  it('retries a renewal that failed or came too late after timeout / 4', () => {
    const candidate = leaving({ drain: 5_000 });
    candidate.wake(600);
    candidate.fail(700, 'STORE_TIMEOUT');
    expect(candidate.wakesAt).toBe(725);
    candidate.wake(725);
    candidate.reply(726, { status: 'late' });
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(751);
  });

  it.each<[string, (candidate: Candidate) => unknown]>([
    ['a new connection', (candidate) => candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 150)],
    [
      'a failed renewal',
      (candidate) => {
        candidate.wake(600);
        candidate.fail(610, 'STORE_UNAVAILABLE');
      },
    ],
    [
      'another server run in a reply',
      (candidate) => {
        candidate.wake(600);
        candidate.reply(610, { status: 'renewed', run: 'run2' });
      },
    ],
  ])('asks for the server run and records it after %s (G5)', (_, doubt) => {
    const candidate = leaving({ drain: 5_000 });
    doubt(candidate);
    if (!candidate.asks) candidate.wake(1_200); // a new connection triggers a renewal at once
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run1', asksRun: true });
    candidate.reply(1_210, { status: 'renewed', run: 'run2' });
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run2' });
    expect(candidate.asks).not.toHaveProperty('asksRun');
    candidate.reply(1_220, { status: 'renewed' });
    candidate.on(drained, 1_300);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
  });

  it('asks for the server run again if the renewal that asked came too late', () => {
    const candidate = leaving({ drain: 5_000 });
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 150);
    candidate.reply(160, { status: 'late' });
    candidate.wake(candidate.wakesAt);
    expect(candidate.asks).toMatchObject({ verb: 'renew', asksRun: true });
  });

  it('does not release while a renewal is in flight, which could take effect after the release', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    candidate.close(610);
    candidate.on(drained, 611);
    expect(candidate.asks?.verb).toBe('renew');
    candidate.reply(650, { status: 'renewed' });
    expect(candidate.asks?.verb).toBe('release');
  });

  it('stops renewing a lost lease, and remaining() is 0 from then on', () => {
    const candidate = leaving({ drain: 5_000 });
    candidate.wake(600);
    expect(candidate.reply(601, { status: 'lost' })).toEqual([]);
    expect(candidate.wakesAt).toBe(5_100);
    expect(candidate.state).toMatchObject({ term: { deadline: 601 } });
  });

  it('stops renewing past the deadline, and a reply after it revives nothing (G4)', () => {
    const candidate = leaving({ drain: 5_000 });
    candidate.wake(600);
    candidate.wake(LIFETIME - 1);
    candidate.reply(LIFETIME, { status: 'renewed' });
    expect(candidate.state).toMatchObject({ term: { deadline: LIFETIME } });
    expect(candidate.wakesAt).toBe(5_100);
  });

  it('is over when the release is answered, and reports whether a lease was released', () => {
    const candidate = leaving();
    candidate.on(drained, 101);
    candidate.reply(102, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true });
    expect(candidate.wakesAt).toBe(Number.POSITIVE_INFINITY);
    const other = leaving();
    other.on(drained, 101);
    other.reply(102, { status: 'gone' });
    expect(other.state).toMatchObject({ phase: 'done', released: false });
  });

  it('is over when the release fails: it is tried once, and the lease expires by itself', () => {
    const candidate = leaving();
    candidate.on(drained, 101);
    candidate.fail(201, 'STORE_TIMEOUT');
    expect(candidate.state).toMatchObject({ phase: 'done', released: false });
  });

  it('sends the release within drain + timeout of its start, whatever is in flight', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    candidate.close(650);
    candidate.wake(950); // drain is over, and the renewal is unanswered
    candidate.fail(1_000, 'STORE_TIMEOUT');
    expect(candidate.asks).toMatchObject({ verb: 'release', timeout: 50 });
    const late = Candidate.leading();
    late.wake(600);
    late.close(650);
    late.fail(3_000, 'STORE_TIMEOUT');
    expect(late.asks).toMatchObject({ verb: 'release', timeout: 1 });
  });

  it('does not start twice: a second exit only makes the first one final', () => {
    const candidate = Candidate.leading();
    candidate.resign(100, 50);
    expect(candidate.close(110)).toEqual([]);
    candidate.on(drained, 120);
    candidate.reply(121, { status: 'released' });
    expect(candidate.state.phase).toBe('done');
    expect(candidate.close(130)).toEqual([]);
    const closing = leaving();
    closing.resign(110, 50);
    closing.on(drained, 120);
    closing.reply(121, { status: 'released' });
    expect(closing.state.phase).toBe('done');
    const resigning = Candidate.leading();
    resigning.resign(100, 50);
    expect(resigning.resign(110, 900)).toEqual([]);
    resigning.on(drained, 120);
    resigning.reply(121, { status: 'released' });
    expect(resigning.state.phase).toBe('cooling');
    expect(resigning.wakesAt).toBe(171);
  });
});

describe('a cooldown', () => {
  function cooling(): Candidate {
    const candidate = Candidate.leading();
    candidate.resign(100, 1_000);
    candidate.on(drained, 150);
    candidate.reply(170, { status: 'released' });
    return candidate;
  }

  it('starts at the release, and sends nothing until it is over', () => {
    const candidate = cooling();
    expect(candidate.state).toMatchObject({ phase: 'cooling', released: true, role: 'follower' });
    expect(candidate.wakesAt).toBe(1_170);
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 500);
    expect(candidate.wakesAt).toBe(1_170);
    candidate.wake(1_169);
    expect(candidate.asks).toBeUndefined();
  });

  it('ends with an attempt under a new id that sends the highest token so far (G3)', () => {
    const candidate = cooling();
    candidate.wake(1_170);
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/2', lastToken: 7 });
    expect(candidate.reply(1_171, { status: 'granted', token: 8 })).toMatchObject([{ role: 'leader' }]);
  });

  it('is not followed by a second standby', () => {
    const candidate = cooling();
    candidate.wake(1_170);
    expect(candidate.reply(1_171, held(99))).toEqual([]);
  });

  it('ends at once with a final exit', () => {
    const candidate = cooling();
    expect(candidate.close(200)).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'done', released: false });
  });

  it('is followed by a read and a release if the release went unanswered (G4)', () => {
    const candidate = Candidate.leading();
    candidate.resign(100, 1_000);
    candidate.on(drained, 150);
    candidate.fail(250, 'STORE_TIMEOUT');
    expect(candidate.wakesAt).toBe(1_250);
    candidate.wake(1_250);
    expect(candidate.asks?.verb).toBe('read');
    candidate.reply(1_251, { status: 'free' });
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
    candidate.reply(1_252, { status: 'gone' });
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/2' });
  });

  it('forgets failed renewals from before an answered release', () => {
    const candidate = Candidate.leading({ drain: 5_000 });
    candidate.wake(600);
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.resign(710, 1_000);
    candidate.wake(725);
    candidate.fail(825, 'STORE_TIMEOUT');
    candidate.on(drained, 830);
    candidate.reply(831, { status: 'released' });
    candidate.wake(1_831);
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.fail(1_931, 'STORE_TIMEOUT')).toEqual([]);
  });
});
