import { describe, expect, it } from '@jest/globals';
import { inPlaceOf } from '../../lib/core/in-place.js';
import type { Leading } from '../../lib/core/state.js';
import { ElectionError } from '../../lib/port/errors.js';
import { Candidate } from '../support/candidate.js';

/** A state in which the value of every field depends on `mark`. */
const leading = (mark: number): Required<Leading> => ({
  phase: 'leading',
  id: `me/${mark}`,
  memory: {
    token: mark,
    mustProbe: mark % 2 === 0,
    time: mark,
    at: mark,
    watch: { until: mark, since: mark, offset: mark },
  },
  role: mark % 2 ? 'leader' : 'error',
  holder: { holder: { id: `holder/${mark}`, expiresIn: mark }, at: mark },
  listed: `listed/${mark}`,
  retired: [`retired/${mark}`],
  mustProbe: mark % 2 === 0,
  notices: {
    isSubscribed: true,
    rateLimitedUntil: mark,
    isRateLimited: false,
    isRunInDoubt: mark % 2 === 0,
    deferred: undefined,
    rivalToken: mark,
  },
  lastSentAt: mark,
  sent: { request: { verb: 'read', key: `key/${mark}`, timeout: 100 }, at: mark },
  term: { id: `me/${mark}`, token: mark, run: `run/${mark}`, deadline: mark },
  renewAt: mark,
  error: new ElectionError('STORE_REPLY', `error ${mark}`),
});

describe('inPlaceOf', () => {
  it('copies every field of the new state', () => {
    const before = leading(1);
    expect(inPlaceOf(before, leading(2))).toBe(before);
    expect(before).toStrictEqual(leading(2));
  });

  it('keeps the term and memory objects of a renewed term, and copies only their new values', () => {
    const { memory, term, ...before } = leading(1);
    const state = inPlaceOf(
      { ...before, memory, term },
      { ...leading(1), memory: leading(2).memory, term: { ...term, deadline: 9 } },
    );
    expect(state).toMatchObject({ memory: leading(2).memory, term: { ...leading(1).term, deadline: 9 } });
    expect([state.memory, (state as Leading).term]).toStrictEqual([memory, term]);
    expect(state.memory).toBe(memory);
    expect((state as Leading).term).toBe(term);
  });

  it.each([
    ['id', { id: 'me/2' }],
    ['token', { token: 2 }],
    ['run', { run: 'run/2' }],
  ])('takes the new term if its %s differs', (_, other) => {
    const before = leading(1);
    const { term } = before;
    const after = { ...leading(1), term: { ...leading(1).term, ...other } };
    expect(inPlaceOf(before, after)).toStrictEqual(after);
    expect(term).toStrictEqual(leading(1).term);
  });

  it('returns the new state if the phase differs', () => {
    const candidate = Candidate.leading();
    const before = candidate.state;
    candidate.close(50);
    expect(inPlaceOf(before, candidate.state)).toBe(candidate.state);
    expect(inPlaceOf(candidate.state, before)).toBe(before);
  });
});
