import { createHash } from 'node:crypto';

/** The names one election goes by in Redis. */
export interface Keys {
  /** The lease: go-leader's own key. */
  readonly lease: string;
  /** The hash beside it. In braces, so that all are in one Cluster slot. */
  readonly record: string;
  /** The sorted set of those who stand by. */
  readonly candidates: string;
  /** The pub/sub channel. */
  readonly channel: string;
}

/** How many elections' names are cached: hashing a key takes as long as the request it is for. */
const MOST = 20_000;

const cached = new Map<string, Keys>();
/** The keys in the cache. A new one takes the place of another once all slots are taken. */
const slots: string[] = [];
let hand = 0;

/** The names of the election `key`. */
export function keysOf(key: string): Keys {
  const known = cached.get(key);
  if (known) return known;
  const keys = namesOf(key);
  const slot = slots.length < MOST ? slots.length : slotToReuse();
  const evicted = slots[slot];
  if (evicted !== undefined) cached.delete(evicted);
  slots[slot] = key;
  cached.set(key, keys);
  return keys;
}

/**
 * Every other time the next slot in turn, so that keys out of use leave. Otherwise a random one: in turn alone, a process that
 * uses one key more than there are slots, over and over, would find none of them in the cache.
 */
function slotToReuse(): number {
  if (Math.random() < 0.5) return Math.floor(Math.random() * MOST);
  hand = (hand + 1) % MOST;
  return hand;
}

/** `leader:` + base32 of the SHA-1 of `key`, as go-leader v0.1.0 has it, and our own names derived from that. */
function namesOf(key: string): Keys {
  const lease = `leader:${base32(createHash('sha1').update(key).digest())}`;
  return { lease, record: `{${lease}}:record`, candidates: `{${lease}}:candidates`, channel: `{${lease}}:events` };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6. Without padding, which a SHA-1 never needs: 160 bits are 32 digits exactly. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte; // digits that have been read are shifted out at the top
    for (bits += 8; bits >= 5; bits -= 5) {
      text += ALPHABET[(buffer >>> (bits - 5)) & 31];
    }
  }
  return text;
}
