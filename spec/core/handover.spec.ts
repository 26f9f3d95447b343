import { describe, expect, it } from '@jest/globals';
import type { Notice } from '../../lib/port/lease-store.js';
import { Candidate } from '../support/candidate.js';

const elected = (token: number): Notice => ({
  kind: 'elected',
  holder: { id: 'next/1', name: 'next', token, expiresIn: 2_020 },
});

/** A subscribed leader (token 7) that releases at 100. Its work has stopped by then. */
function releasing(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
  const candidate = Candidate.leading(options);
  candidate.on({ kind: 'notice', notice: { kind: 'listening' } }, 2);
  candidate.close(100);
  candidate.on({ kind: 'drained' }, 100);
  return candidate;
}

const notify = (candidate: Candidate, notice: Notice, now: number) => candidate.on({ kind: 'notice', notice }, now);

describe('a release', () => {
  it('may notify the successor alone if the leader is subscribed and can see the successor lead', () => {
    expect(releasing().asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1', quiet: true });
  });

  it('notifies everyone if the leader is not subscribed', () => {
    const deaf = Candidate.leading();
    deaf.close(100);
    deaf.on({ kind: 'drained' }, 100);
    expect(deaf.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1' });
  });

  it('ends the exit at once if everyone was notified', () => {
    const candidate = releasing();
    candidate.reply(101, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true });
  });
});

describe('a successor that alone was notified', () => {
  /** The store has notified `next/1` alone, at 101. */
  function handing(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
    const candidate = releasing(options);
    candidate.reply(101, { status: 'released', told: 'next/1' });
    return candidate;
  }

  it('has a quarter of a timeout to lead, and then nobody else is notified', () => {
    const candidate = handing();
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(126);
    expect(notify(candidate, elected(8), 103)).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'done', released: true });
  });

  it('is known to lead if the notice arrived before the reply to the release', () => {
    const candidate = releasing();
    notify(candidate, elected(8), 101);
    candidate.reply(102, { status: 'released', told: 'next/1' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true });
  });

  it.each([7, 6, undefined])(
    'is not taken for the leader by a notice of term %p, which is not later than ours',
    (token) => {
      const candidate = handing();
      const { holder } = elected(8) as Extract<Notice, { kind: 'elected' }>;
      const { token: _, ...nameless } = holder;
      notify(candidate, { kind: 'elected', holder: { ...nameless, ...(token !== undefined && { token }) } }, 103);
      expect(candidate.state.phase).toBe('exiting');
      expect(candidate.wakesAt).toBe(126);
    },
  );

  it('is skipped after that: everyone is notified', () => {
    const candidate = handing();
    candidate.wake(125);
    expect(candidate.asks).toBeUndefined();
    candidate.wake(126);
    expect(candidate.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1', absent: 'next/1' });
    candidate.reply(127, { status: 'gone' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true, retired: [] });
  });

  it('is not taken for the leader by a notice from before the release was sent, which is forged', () => {
    const candidate = Candidate.leading();
    notify(candidate, { kind: 'listening' }, 2);
    candidate.close(100);
    notify(candidate, elected(8), 101);
    candidate.on({ kind: 'drained' }, 102);
    candidate.reply(103, { status: 'released', told: 'next/1' });
    expect(candidate.state.phase).toBe('exiting');
    expect(candidate.wakesAt).toBe(128);
  });

  it('delays the exit by no more than drain + timeout in total', () => {
    const candidate = Candidate.leading();
    notify(candidate, { kind: 'listening' }, 2);
    candidate.close(100);
    candidate.wake(400);
    candidate.reply(490, { status: 'released', told: 'next/1' });
    candidate.wake(490);
    expect(candidate.asks).toMatchObject({ absent: 'next/1', timeout: 10 });
  });

  it('may be gone while the store does not answer: the exit is over, and nothing is left to release', () => {
    const candidate = handing();
    candidate.wake(126);
    candidate.fail(226, 'STORE_TIMEOUT');
    expect(candidate.state).toMatchObject({ phase: 'done', released: true, retired: [] });
  });

  it('does not delay the cooldown, which counts from the release', () => {
    const candidate = Candidate.leading();
    notify(candidate, { kind: 'listening' }, 2);
    candidate.resign(100, 50);
    candidate.on({ kind: 'drained' }, 100);
    candidate.reply(101, { status: 'released', told: 'next/1' });
    candidate.wake(126);
    candidate.reply(130, { status: 'gone' });
    expect(candidate.state.phase).toBe('cooling');
    expect(candidate.wakesAt).toBe(151);
  });
});

describe('an unanswered release', () => {
  /** It failed at 200. Whom the store notified is unknown. */
  function silent(code: 'STORE_TIMEOUT' | 'STORE_DENIED' = 'STORE_TIMEOUT', at = 200): Candidate {
    const candidate = releasing();
    candidate.fail(at, code);
    return candidate;
  }

  it('is repeated after a quarter of a timeout, with a notice to everyone', () => {
    const candidate = silent();
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(225);
    candidate.wake(225);
    expect(candidate.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1', absent: 'me/1' });
    candidate.reply(226, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true, retired: [] });
  });

  it('is not repeated if another candidate leads by then', () => {
    const candidate = silent();
    expect(notify(candidate, elected(8), 210)).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'done', retired: [] });
  });

  it('is repeated once, and then its id is retired for a release before the next attempt', () => {
    const candidate = silent();
    candidate.wake(225);
    candidate.fail(325, 'STORE_TIMEOUT');
    expect(candidate.state).toMatchObject({ phase: 'done', released: false, retired: ['me/1'] });
  });

  it('is still awaited if another candidate leads while it is repeated', () => {
    const candidate = silent();
    candidate.wake(225);
    expect(notify(candidate, elected(8), 226)).toEqual([]);
    expect(candidate.state.phase).toBe('exiting');
    candidate.reply(227, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true, retired: [] });
  });

  it('is not repeated if it was refused, or if no time is left', () => {
    expect(silent('STORE_DENIED').state).toMatchObject({ phase: 'done', retired: ['me/1'] });
    expect(silent('STORE_TIMEOUT', 474).state.phase).toBe('exiting');
    expect(silent('STORE_TIMEOUT', 475).state).toMatchObject({ phase: 'done', retired: ['me/1'] });
    expect(silent('STORE_TIMEOUT', 2_500).state).toMatchObject({ phase: 'done', retired: ['me/1'] });
  });
});
