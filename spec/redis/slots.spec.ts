import { expect, it } from '@jest/globals';
import { slotOf } from '../../lib/redis/slots.js';

// The CRC check value is from the Redis Cluster specification, the rest from `CLUSTER KEYSLOT`.
it.each([
  ['123456789', 0x31c3],
  ['', 0],
  ['foo', 12_182],
])('the slot of %j is %d', (key, slot) => {
  expect(slotOf(key)).toBe(slot);
});
