import { createHash } from 'node:crypto';

/** The names of one election in Redis. */
export interface Keys {
  /** The lease: the key of go-leader. */
  readonly lease: string;
  /** The hash beside the lease. The braces put all keys into one cluster slot. */
  readonly record: string;
  /** The sorted set of waiting candidates. */
  readonly candidates: string;
  /** The pub/sub channel. */
  readonly channel: string;
}

/** The most elections whose names are cached. Hashing a key costs as much as its request. */
const CACHE_MAX = 20_000;

const cached = new Map<string, Keys>();
/** The keys in the cache. Once all slots are taken, a new key replaces another. */
const slots: string[] = [];
let hand = 0;

/** The names of the election `key`. */
export function keysOf(key: string): Keys {
  const known = cached.get(key);
  if (known) return known;
  const keys = namesOf(key);
  const slot = slots.length < CACHE_MAX ? slots.length : slotToReuse();
  const evicted = slots[slot];
  if (evicted !== undefined) cached.delete(evicted);
  slots[slot] = key;
  cached.set(key, keys);
  return keys;
}

/**
 * Every other time the next slot in turn, so that unused keys leave. Otherwise a random slot. Only
 * in turn, a process that cycles through one key more than there are slots would never hit the
 * cache.
 */
function slotToReuse(): number {
  if (Math.random() < 0.5) return Math.floor(Math.random() * CACHE_MAX);
  hand = (hand + 1) % CACHE_MAX;
  return hand;
}

/**
 * `leader:` + base32 of the SHA-1 of `key`, as in go-leader v0.1.0, and our names derived from it.
 */
function namesOf(key: string): Keys {
  const lease = `leader:${base32(createHash('sha1').update(key).digest())}`;
  return { lease, record: `{${lease}}:record`, candidates: `{${lease}}:candidates`, channel: `{${lease}}:events` };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6, without padding: the 160 bits of a SHA-1 are exactly 32 digits. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte; // digits already read are shifted out at the top
    for (bits += 8; bits >= 5; bits -= 5) {
      text += ALPHABET[(buffer >>> (bits - 5)) & 31];
    }
  }
  return text;
}
