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

/** Keys that are kept: hashing one takes as long as asking for it. */
const MOST = 20_000;

const kept = new Map<string, Keys>();

/** The names of the election `key`. */
export function keysOf(key: string): Keys {
  const known = kept.get(key);
  if (known) return known;
  if (kept.size === MOST) kept.clear();
  const keys = namesOf(key);
  kept.set(key, keys);
  return keys;
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
