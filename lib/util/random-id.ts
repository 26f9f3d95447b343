import { randomBytes } from 'node:crypto';

/** Bytes of an id: 128 bits. */
const LENGTH = 16;
/** Ids drawn at a time: to draw takes a tenth of a millisecond in an idle process, in the middle of a hand-over. */
const AT_ONCE = 128;

let drawn = Buffer.alloc(0);
let used = 0;

/** 128 random bits that nobody else has, in hexadecimal. */
export function randomId(): string {
  if (used === drawn.length) {
    drawn = randomBytes(LENGTH * AT_ONCE);
    used = 0;
  }
  used += LENGTH;
  return drawn.toString('hex', used - LENGTH, used);
}
