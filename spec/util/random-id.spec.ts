import { describe, expect, it } from '@jest/globals';
import { randomId } from '../../lib/util/random-id.js';

describe('a random id', () => {
  it('is 128 bits in hexadecimal and unique, however many are drawn', () => {
    const ids = Array.from({ length: 1_000 }, randomId);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1_000);
  });

  it('has no constant bit', () => {
    const ids = Array.from({ length: 1_000 }, () => BigInt(`0x${randomId()}`));
    const all = (1n << 128n) - 1n;
    expect(ids.reduce((some, id) => some | id, 0n)).toBe(all);
    expect(ids.reduce((every, id) => every & id, all)).toBe(0n);
  });
});
