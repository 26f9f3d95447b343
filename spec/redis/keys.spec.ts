import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type Keys, keysOf } from '../../lib/redis/keys.js';

/** RFC 4648 base32 computed another way: the digest as one number in base 32. */
function base32(digest: Buffer): string {
  let number = BigInt(`0x${digest.toString('hex')}`);
  let text = '';
  for (let digits = 0; digits < 32; digits++) {
    text = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number(number % 32n)] + text;
    number /= 32n;
  }
  return text;
}

describe('keysOf', () => {
  // Computed by other programs: printf %s <key> | openssl sha1 -binary | base32
  it.each([
    ['io.vito.myServiceName', 'leader:QIXXSNBBCT7UTX2L74L5P7DP6XIOD7MM'],
    ['test', 'leader:VFFI7ZOMWGN2MHCMBBZ5HEPJQ6MC7O6T'],
    ['a', 'leader:Q336IN72UWT7ZYK5DXOLT2XK5I3XMZ5Y'],
    ['ключ 鍵 🗝', 'leader:XNWCXJ6BN4V35G3YJQIW5SWKZ5T25FVY'],
    ['{braces}:and spaces ', 'leader:GHJZVUI3TOW43H2MUZMWCCBO4NWCYBZL'],
  ])('names the lease of %j as go-leader does', (key, lease) => {
    expect(keysOf(key).lease).toBe(lease);
  });

  it('is base32 of the SHA-1 of the UTF-8 text, whatever the key', () => {
    for (let i = 0; i < 500; i++) {
      const key = String.fromCodePoint(
        ...Array.from({ length: 1 + (i % 40) }, (_, j) => 1 + ((i * 7919 + j * 104_729) % 55_000)),
      );
      const digest = createHash('sha1').update(Buffer.from(key, 'utf8')).digest();
      expect(keysOf(key).lease).toBe(`leader:${base32(digest)}`);
    }
  });

  it('puts record, candidates and channel into the cluster slot of the lease', () => {
    const { lease, record, candidates, channel } = keysOf('io.vito.myServiceName');
    expect(record).toBe(`{${lease}}:record`);
    expect(candidates).toBe(`{${lease}}:candidates`);
    expect(channel).toBe(`{${lease}}:events`);
    expect(lease).not.toMatch(/[{}]/);
  });

  /** Looks up `count` keys in turn. Returns how many were cached, by comparison with `last`. */
  function walk(count: number, last: Map<string, Keys>): number {
    let hits = 0;
    for (let i = 0; i < count; i++) {
      const keys = keysOf(`walk ${i}`);
      if (last.get(`walk ${i}`) === keys) hits += 1;
      last.set(`walk ${i}`, keys);
    }
    return hits;
  }

  it('hashes a key once, and forgets unused keys beyond 20 000', () => {
    const names = keysOf('kept');
    for (let i = 0; i < 10_000; i++) keysOf(`another ${i}`);
    expect(keysOf('kept')).toBe(names);
    for (let i = 0; i < 40_000; i++) keysOf(`yet another ${i}`);
    expect(keysOf('kept')).not.toBe(names);
    expect(keysOf('kept')).toEqual(names);
  });

  it.each([
    [20_001, 0.8],
    [30_000, 0.2],
  ])('finds as many as may be of %i keys that are in use by turns, and not all at once none', (count, share) => {
    const last = new Map<string, Keys>();
    for (let round = 0; round < 3; round++) walk(count, last);
    const hits = walk(count, last);
    expect(hits / count).toBeGreaterThan(share);
    expect(hits).toBeLessThanOrEqual(20_000);
  });
});
