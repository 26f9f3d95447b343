import { describe, expect, it } from '@jest/globals';
import { holderOf } from '../../lib/core/lead.js';
import { Candidate, held, LIFETIME, SETTINGS, storeError } from '../support/candidate.js';

/** A leader whose renewal, sent at 600, is in flight. */
function renewing(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
  const candidate = Candidate.leading(options);
  candidate.wake(600);
  return candidate;
}

describe('a renewal', () => {
  it('is sent renewEvery after the last request was written, with everything that the store needs', () => {
    const candidate = Candidate.leading({ data: 'http://me' });
    expect(candidate.wakesAt).toBe(600);
    candidate.wake(585);
    expect(candidate.asks).toBeUndefined();
    candidate.wake(600);
    expect(candidate.asks).toEqual({
      verb: 'renew',
      key: 'k',
      id: 'me/1',
      token: 7,
      run: 'run1',
      ttl: 2_020,
      timeout: 100,
      name: 'me',
      data: 'http://me',
    });
  });

  it('may be a little early if a timer wakes the candidate just then, but a retry may not be much early', () => {
    const early = Math.min(600 / 32, 100 / 8);
    const candidate = Candidate.leading();
    candidate.on({ kind: 'notice', notice: { kind: 'deaf' } }, 600 - early);
    expect(candidate.asks).toBeUndefined();
    candidate.wake(600 - early);
    expect(candidate.asks?.verb).toBe('renew');
    candidate.fail(610, 'STORE_READONLY');
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(635);
    candidate.wake(635 - early - 1);
    expect(candidate.asks).toBeUndefined();
  });

  it('has the store time after which it must change nothing, once the store time is known', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, { status: 'granted', token: 7, time: 5_000 });
    candidate.wake(600);
    expect(candidate.asks).toMatchObject({ verb: 'renew', notAfter: 5_000 + 599 + 100 });
  });

  it('is made earlier by jitter, never later, and by at most half of renewEvery', () => {
    expect(Candidate.leading({ random: 0.5 }).wakesAt).toBe(600 - 20);
    expect(Candidate.leading({ random: 0.5, jitter: 2_000 }).wakesAt).toBe(600 - 150);
    const candidate = renewing({ random: 0.5 });
    candidate.reply(605, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(600 + 600 - 20);
  });

  it('moves the deadline to a lifetime after it was written', () => {
    const candidate = renewing();
    expect(candidate.wakesAt).toBe(LIFETIME);
    expect(candidate.reply(690, { status: 'renewed' })).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'leading', term: { deadline: 600 + LIFETIME } });
    expect(candidate.wakesAt).toBe(1_200);
  });

  it('updates since when this candidate is known as the holder', () => {
    const candidate = renewing();
    candidate.reply(690, { status: 'renewed' });
    const known = holderOf(candidate.state, candidate.settings);
    expect(known?.holder).toMatchObject({ id: 'me/1', expiresIn: 2_020 });
    expect(known?.at).toBeCloseTo(600, 6);
  });

  it('is retried after timeout / 4 if it fails, and emits nothing (G4)', () => {
    for (const code of ['STORE_TIMEOUT', 'STORE_UNAVAILABLE', 'STORE_READONLY', 'STORE_REPLY'] as const) {
      const candidate = renewing();
      expect(candidate.fail(700, code)).toEqual([]);
      expect(candidate.wakesAt).toBe(725);
      candidate.wake(725);
      expect(candidate.asks).toMatchObject({ verb: 'renew', id: 'me/1', token: 7 });
    }
  });

  it('is retried after timeout / 4 if it came too late', () => {
    const candidate = renewing();
    expect(candidate.reply(640, { status: 'late' })).toEqual([]);
    expect(candidate.wakesAt).toBe(665);
    expect(candidate.state).toMatchObject({ phase: 'leading', term: { deadline: LIFETIME } });
  });

  it('is retried at once when the connection is back after a failure', () => {
    const candidate = renewing({ random: 0.5 });
    candidate.fail(700, 'STORE_UNAVAILABLE');
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 710);
    expect(candidate.asks?.verb).toBe('renew');
  });

  it('is sent within the jitter of a new connection, because another server run may have the lease (G5)', () => {
    const candidate = Candidate.leading({ random: 0.5 });
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 100);
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(100 + SETTINGS.jitter / 2);
    candidate.wake(candidate.wakesAt);
    expect(candidate.asks).toMatchObject({ verb: 'renew', asksRun: true });
  });

  it.each<[string, number, number]>([
    ['if earlier than planned, is followed by one that may be up to half of renewEvery early', 100, 300],
    ['if later than planned, is followed by one that may be up to half of renewEvery early', 1_000, 300],
    ['if on time, is followed by one that may be up to the jitter early', 590, SETTINGS.jitter],
  ])('%s, so that the renewals of many elections spread out', (_, at, most) => {
    for (const [jitter, early] of [
      [SETTINGS.jitter, most / 2],
      [0, 0],
    ] as const) {
      const candidate = Candidate.leading({ random: 0.5, jitter });
      candidate.on({ kind: 'notice', notice: { kind: 'cut', id: 'me/1' } }, at);
      candidate.reply(at + 1, { status: 'renewed' });
      expect(candidate.wakesAt).toBe(at + SETTINGS.renewEvery - early);
    }
  });

  it('is repeated soon after its reply if the connection changed before the reply', () => {
    const candidate = renewing();
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 605);
    candidate.reply(606, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(600 + SETTINGS.timeout / 4);
  });

  it('is sent no more often than a failing renewal while connections come and go', () => {
    const candidate = Candidate.leading();
    let renewals = 0;
    for (let now = 100; now < 100 + SETTINGS.timeout; now++) {
      candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, now);
      if (now === candidate.state.sent?.at) renewals += 1;
      if (candidate.asks) candidate.reply(now, { status: 'renewed' });
      if (candidate.wakesAt === now) candidate.wake(now);
    }
    expect(renewals).toBe(4);
  });
});

describe('another server run', () => {
  it.each<[string, (leader: Candidate) => unknown]>([
    ['a failed renewal', (leader) => leader.fail(610, 'STORE_UNAVAILABLE')],
    ['a new connection', (leader) => leader.on({ kind: 'notice', notice: { kind: 'connected' } }, 610)],
  ])('is asked for after %s, and another renewal records it at once', (_, doubt) => {
    const candidate = renewing();
    doubt(candidate);
    if (candidate.state.sent) candidate.reply(620, { status: 'renewed' });
    candidate.wake(1_200);
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run1', asksRun: true });
    candidate.reply(1_210, { status: 'renewed', run: 'run2' });
    expect(candidate.state.sent?.at).toBe(1_210);
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run2' });
    expect(candidate.asks).not.toHaveProperty('asksRun');
    candidate.reply(1_220, { status: 'renewed' });
    expect(candidate.wakesAt).toBe(1_810);
    candidate.wake(1_810);
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run2' });
    expect(candidate.asks).not.toHaveProperty('asksRun');
  });

  it('is asked for if the connection changed after the acquire request was sent', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 1);
    candidate.reply(2, { status: 'granted', token: 7, run: 'run1' });
    candidate.wake(600);
    expect(candidate.asks).toMatchObject({ run: 'run1', asksRun: true });
  });

  it('is not asked for if the connection changed before the acquire request was sent', () => {
    const candidate = new Candidate();
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 0);
    candidate.reply(1, held(10));
    candidate.wake(12);
    candidate.reply(13, { status: 'granted', token: 7, run: 'run1' });
    candidate.wake(612);
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run1' });
    expect(candidate.asks).not.toHaveProperty('asksRun');
  });

  it('is asked for again if the connection changed before the reply', () => {
    const candidate = renewing();
    candidate.fail(610, 'STORE_UNAVAILABLE');
    candidate.wake(635);
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 636);
    candidate.reply(640, { status: 'renewed', run: 'run2' });
    candidate.wake(660);
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run1', asksRun: true });
  });

  it('is detected without a loss of other facts: a subscribed leader stays subscribed', () => {
    const candidate = renewing();
    candidate.on({ kind: 'notice', notice: { kind: 'listening' } }, 605);
    candidate.reply(606, { status: 'renewed', run: 'run2' });
    candidate.wake(1_200);
    candidate.reply(1_201, { status: 'late' });
    candidate.wake(1_226);
    candidate.fail(1_230, 'STORE_UNAVAILABLE');
    candidate.wake(1_255);
    candidate.reply(1_256, { status: 'renewed', run: 'run2' });
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run2' });
    expect(candidate.state.notices.isSubscribed).toBe(true);
  });

  it.each([{ run: 'run1' }, {}])('is not assumed if the reply is %p', (reply) => {
    const candidate = renewing();
    candidate.fail(610, 'STORE_UNAVAILABLE');
    candidate.wake(635);
    candidate.reply(640, { status: 'renewed', ...reply });
    expect(candidate.asks).toBeUndefined();
    candidate.wake(1_235);
    expect(candidate.asks).toMatchObject({ run: 'run1' });
    expect(candidate.asks).not.toHaveProperty('asksRun');
  });

  it('is asked for again if the renewal came too late', () => {
    const candidate = renewing();
    candidate.fail(610, 'STORE_UNAVAILABLE');
    candidate.wake(635);
    candidate.reply(640, { status: 'late' });
    candidate.wake(candidate.wakesAt);
    expect(candidate.asks).toMatchObject({ asksRun: true });
  });

  it('is asked for by the next renewal if the store reports it without being asked, and only then recorded', () => {
    const candidate = renewing();
    candidate.reply(610, { status: 'renewed', run: 'run2' });
    expect(candidate.wakesAt).toBe(1_200);
    candidate.wake(1_200);
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run1', asksRun: true });
    candidate.reply(1_210, { status: 'renewed', run: 'run2' });
    expect(candidate.asks).toMatchObject({ verb: 'renew', run: 'run2' });
  });

  it('is asked for later if the connection changed after the request', () => {
    const candidate = renewing();
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 605);
    candidate.reply(610, { status: 'renewed', run: 'run2' });
    expect(candidate.state.notices.isRunInDoubt).toBe(true);
  });

  it.each<[string, string | undefined, string | undefined]>([
    ['it is the same run', 'run1', 'run1'],
    ['the grant had no run', undefined, 'run1'],
  ])('is not asked for if the store reports a run without being asked, and %s', (_, run, reported) => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, { status: 'granted', token: 7, ...(run && { run }) });
    candidate.wake(600);
    candidate.reply(610, { status: 'renewed', ...(reported && { run: reported }) });
    candidate.wake(1_200);
    expect(candidate.asks).toMatchObject({ verb: 'renew' });
    expect(candidate.asks).not.toHaveProperty('asksRun');
  });

  it('is not asked for if the grant had no run: INFO is refused, or the store knows no runs', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    candidate.reply(1, { status: 'granted', token: 7 });
    candidate.wake(600);
    candidate.fail(610, 'STORE_UNAVAILABLE');
    candidate.wake(635);
    expect(candidate.asks).toMatchObject({ verb: 'renew' });
    expect(candidate.asks).not.toHaveProperty('asksRun');
  });
});

describe('a lost lease', () => {
  it('ends the term at once, names the new leader, and waits for its lease under a new id', () => {
    const candidate = renewing();
    expect(candidate.reply(601, { status: 'lost', holder: held(200).holder })).toEqual([
      { role: 'follower', reason: 'lost', leader: held(200).holder },
    ]);
    expect(candidate.state.holder).toEqual({ holder: held(200).holder, at: 601 });
    expect(candidate.wakesAt).toBe(802);
    candidate.wake(802);
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/2' });
  });

  it('is followed by an attempt at once if nobody holds it', () => {
    const candidate = renewing();
    expect(candidate.reply(601, { status: 'lost' })).toEqual([{ role: 'follower', reason: 'lost' }]);
    expect(candidate.state.holder).toBeUndefined();
    expect(candidate.asks).toMatchObject({ verb: 'acquire', id: 'me/2' });
  });

  it('leaves no failure, because the store answered', () => {
    const candidate = renewing();
    candidate.fail(700, 'STORE_TIMEOUT');
    candidate.wake(725);
    candidate.reply(726, { status: 'lost' });
    expect(candidate.asks?.verb).toBe('acquire');
    expect(candidate.fail(826, 'STORE_TIMEOUT')).toEqual([]);
  });

  it('emits one transition: standing by afterwards emits no second one', () => {
    const candidate = renewing();
    candidate.reply(601, { status: 'lost', holder: held(200).holder });
    candidate.wake(802);
    expect(candidate.reply(803, held(200))).toEqual([]);
  });

  it('is also assumed after a key conflict: follower, then error, and the id is released', () => {
    const candidate = renewing();
    expect(candidate.fail(601, 'KEY_CONFLICT')).toEqual([
      { role: 'follower', reason: 'lost' },
      { role: 'error', error: storeError('KEY_CONFLICT') },
    ]);
    expect(candidate.wakesAt).toBe(1_101);
    candidate.wake(1_101);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
  });
});
