import { createHash } from 'node:crypto';

/**
 * The visited states by 64-bit hash. Each has its predecessor and the move that led to it.
 *
 * The table merges two states with the same hash. With n states, the probability of that is n²/2⁶⁵:
 * 3 in a million for ten million states.
 */
export class StateTable {
  #slots = new Uint32Array(1 << 16);
  #high = new Uint32Array(1 << 15);
  #low = new Uint32Array(1 << 15);
  #parents = new Uint32Array(1 << 15);
  #moves = new Uint16Array(1 << 15);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes that the table takes. */
  get bytes(): number {
    return this.#slots.byteLength + this.#high.length * 14;
  }

  /** The number of the state; undefined if it was seen before. */
  add(text: string, parent: number, move: number): number | undefined {
    const digest = createHash('sha1').update(text).digest();
    const high = digest.readUInt32LE(0);
    const low = digest.readUInt32LE(4);
    let slot = high & (this.#slots.length - 1);
    for (let at = this.#slots[slot]; at; at = this.#slots[slot]) {
      if (this.#high[at - 1] === high && this.#low[at - 1] === low) return undefined;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    const index = this.#size;
    this.#size += 1;
    if (index === this.#high.length) this.#grow();
    this.#high[index] = high;
    this.#low[index] = low;
    this.#parents[index] = parent;
    this.#moves[index] = move;
    this.#slots[slot] = index + 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  /** The moves that led to a state, from the first on. */
  pathTo(index: number): number[] {
    const path: number[] = [];
    for (let at = index; at > 0; at = this.#parents[at] as number) path.push(this.#moves[at] as number);
    return path.reverse();
  }

  #grow(): void {
    const larger = <A extends Uint32Array | Uint16Array>(old: A, made: A): A => {
      made.set(old);
      return made;
    };
    const length = this.#high.length * 2;
    this.#high = larger(this.#high, new Uint32Array(length));
    this.#low = larger(this.#low, new Uint32Array(length));
    this.#parents = larger(this.#parents, new Uint32Array(length));
    this.#moves = larger(this.#moves, new Uint16Array(length));
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let index = 0; index < this.#size; index += 1) {
      let slot = (this.#high[index] as number) & (this.#slots.length - 1);
      while (this.#slots[slot]) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = index + 1;
    }
  }
}
