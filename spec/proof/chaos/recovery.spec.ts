import { describe, expect, it } from '@jest/globals';
import { allowance } from '../../../proof/chaos/recovery.js';
import { RECOVERY, TIMES } from '../../../proof/times.js';
import { injected } from './forge.js';

const { ttl, wait, timeout } = TIMES;
const HEALED = 100_000;
const left = (...faults: Parameters<typeof injected>[0][]) =>
  allowance(
    faults.map((facts) => injected({ from: HEALED - 500, to: HEALED - 100, ...facts })),
    HEALED,
  );

describe('the time allowed to get well', () => {
  it('is a lease, its jitter and two timeouts', () => {
    expect(left()).toBe(RECOVERY);
    expect(left({ kind: 'kill -9' }, { kind: 'redis SIGSTOP' }, { kind: 'silence' })).toBe(RECOVERY);
  });

  it('is longer by the wait for a loss, once for several', () => {
    expect(left({ kind: 'restart' }, { kind: 'FLUSHALL' })).toBe(RECOVERY + ttl + wait + timeout);
  });

  it('is longer by a lease where renewals went on unheard', () => {
    expect(left({ kind: 'replies swallowed' })).toBe(RECOVERY + ttl);
  });

  it('is no longer for what was over long before', () => {
    expect(left({ kind: 'FLUSHALL', from: HEALED - 4 * ttl, to: HEALED - 4 * ttl })).toBe(RECOVERY);
  });
});
