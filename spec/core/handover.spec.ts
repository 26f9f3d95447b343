import { describe, expect, it } from '@jest/globals';
import type { Notice } from '../../lib/port/lease-store.js';
import { Candidate } from '../support/candidate.js';

const elected = (token: number): Notice => ({
  kind: 'elected',
  holder: { id: 'next/1', name: 'next', token, expiresIn: 2_020 },
});

/** A leader (token 7) that hears notices and releases at 100; its work is done by then. */
function releasing(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
  const candidate = Candidate.leading(options);
  candidate.on({ kind: 'notice', notice: { kind: 'listening' } }, 2);
  candidate.close(100);
  candidate.on({ kind: 'drained' }, 100);
  return candidate;
}

const tell = (candidate: Candidate, notice: Notice, now: number) => candidate.on({ kind: 'notice', notice }, now);

describe('a release', () => {
  it('may be told to the successor alone, by whoever hears whether that one leads', () => {
    expect(releasing().asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1', quiet: true });
  });

  it('is for everyone to hear where the leader is deaf', () => {
    const deaf = Candidate.leading();
    deaf.close(100);
    deaf.on({ kind: 'drained' }, 100);
    expect(deaf.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1' });
  });

  it('is over at once where everyone was told', () => {
    const candidate = releasing();
    candidate.reply(101, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true });
  });
});

describe('who alone was told', () => {
  /** The store has told `next/1` alone, at 101. */
  function handing(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
    const candidate = releasing(options);
    candidate.reply(101, { status: 'released', told: 'next/1' });
    return candidate;
  }

  it('has a quarter of a timeout to lead, and then the others need not be told', () => {
    const candidate = handing();
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(126);
    expect(tell(candidate, elected(8), 103)).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'done', released: true });
  });

  it('leads already where that was heard before the release was answered', () => {
    const candidate = releasing();
    tell(candidate, elected(8), 101);
    candidate.reply(102, { status: 'released', told: 'next/1' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true });
  });

  it.each([7, 6, undefined])('does not lead yet when the term %p is told of, which is not later than ours', (token) => {
    const candidate = handing();
    const { holder } = elected(8) as Extract<Notice, { kind: 'elected' }>;
    const { token: _, ...nameless } = holder;
    tell(candidate, { kind: 'elected', holder: { ...nameless, ...(token !== undefined && { token }) } }, 103);
    expect(candidate.state.phase).toBe('exiting');
    expect(candidate.wakesAt).toBe(126);
  });

  it('is passed over after that: everyone is told', () => {
    const candidate = handing();
    candidate.wake(125);
    expect(candidate.asks).toBeUndefined();
    candidate.wake(126);
    expect(candidate.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1', absent: 'next/1' });
    candidate.reply(127, { status: 'gone' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true, retired: [] });
  });

  it('leads not yet when another is told of before the release was asked for: that is forged', () => {
    const candidate = Candidate.leading();
    tell(candidate, { kind: 'listening' }, 2);
    candidate.close(100);
    tell(candidate, elected(8), 101);
    candidate.on({ kind: 'drained' }, 102);
    candidate.reply(103, { status: 'released', told: 'next/1' });
    expect(candidate.state.phase).toBe('exiting');
    expect(candidate.wakesAt).toBe(128);
  });

  it('is waited for within drain + timeout, all in all', () => {
    const candidate = Candidate.leading();
    tell(candidate, { kind: 'listening' }, 2);
    candidate.close(100);
    candidate.wake(400);
    candidate.reply(490, { status: 'released', told: 'next/1' });
    candidate.wake(490);
    expect(candidate.asks).toMatchObject({ absent: 'next/1', timeout: 10 });
  });

  it('may be gone, and the store silent: the exit is over, and nothing is left to be given up', () => {
    const candidate = handing();
    candidate.wake(126);
    candidate.fail(226, 'STORE_TIMEOUT');
    expect(candidate.state).toMatchObject({ phase: 'done', released: true, retired: [] });
  });

  it('costs no cooldown: that counts from the release', () => {
    const candidate = Candidate.leading();
    tell(candidate, { kind: 'listening' }, 2);
    candidate.resign(100, 50);
    candidate.on({ kind: 'drained' }, 100);
    candidate.reply(101, { status: 'released', told: 'next/1' });
    candidate.wake(126);
    candidate.reply(130, { status: 'gone' });
    expect(candidate.state.phase).toBe('cooling');
    expect(candidate.wakesAt).toBe(151);
  });
});

describe('a release without an answer', () => {
  /** Nobody knows whom it has told, if it came to that. It has failed at 200. */
  function silent(code: 'STORE_TIMEOUT' | 'STORE_DENIED' = 'STORE_TIMEOUT', at = 200): Candidate {
    const candidate = releasing();
    candidate.fail(at, code);
    return candidate;
  }

  it('is repeated after a quarter of a timeout, for everyone to hear', () => {
    const candidate = silent();
    expect(candidate.asks).toBeUndefined();
    expect(candidate.wakesAt).toBe(225);
    candidate.wake(225);
    expect(candidate.asks).toEqual({ verb: 'release', key: 'k', timeout: 100, id: 'me/1', absent: 'me/1' });
    candidate.reply(226, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true, retired: [] });
  });

  it('was heard where somebody else leads by then', () => {
    const candidate = silent();
    expect(tell(candidate, elected(8), 210)).toEqual([]);
    expect(candidate.state).toMatchObject({ phase: 'done', retired: [] });
  });

  it('is repeated once: what may be left of the lease is to be taken back before the next attempt', () => {
    const candidate = silent();
    candidate.wake(225);
    candidate.fail(325, 'STORE_TIMEOUT');
    expect(candidate.state).toMatchObject({ phase: 'done', released: false, retired: ['me/1'] });
  });

  it('is heard out where somebody else leads while it is repeated', () => {
    const candidate = silent();
    candidate.wake(225);
    expect(tell(candidate, elected(8), 226)).toEqual([]);
    expect(candidate.state.phase).toBe('exiting');
    candidate.reply(227, { status: 'released' });
    expect(candidate.state).toMatchObject({ phase: 'done', released: true, retired: [] });
  });

  it('is not repeated where it was refused, or there is no time left for it', () => {
    expect(silent('STORE_DENIED').state).toMatchObject({ phase: 'done', retired: ['me/1'] });
    expect(silent('STORE_TIMEOUT', 474).state.phase).toBe('exiting');
    expect(silent('STORE_TIMEOUT', 475).state).toMatchObject({ phase: 'done', retired: ['me/1'] });
    expect(silent('STORE_TIMEOUT', 2_500).state).toMatchObject({ phase: 'done', retired: ['me/1'] });
  });
});
