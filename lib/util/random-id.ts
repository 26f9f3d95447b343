import { randomBytes } from 'node:crypto';

/** Bytes of an id: 128 bits. */
const LENGTH = 16;
/**
 * Ids drawn at a time. Drawing takes a tenth of a millisecond in an idle process, in the middle of
 * a hand-over.
 */
const BATCH = 128;

let pool = Buffer.alloc(0);
let used = 0;

/** Returns 128 random bits that nobody else has, in hexadecimal. */
export function randomId(): string {
  if (used === pool.length) {
    pool = randomBytes(LENGTH * BATCH);
    used = 0;
  }
  used += LENGTH;
  return pool.toString('hex', used - LENGTH, used);
}
