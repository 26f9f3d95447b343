const SLOTS = 16_384;

/**
 * The cluster slot of `key`, which must have no braces: its CRC-16 (XMODEM) modulo the number of
 * slots.
 */
export function slotOf(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(key)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc % SLOTS;
}
