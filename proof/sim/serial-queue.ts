/** A connection or a server that handles one message at a time. */
export class SerialQueue {
  readonly #takes: number;
  #freeAt = 0;
  /** The longest wait so far, in ms. Set it to 0 to count from then on. */
  longest = 0;

  /** `takes`: ms for each message. */
  constructor(takes: number) {
    this.#takes = takes;
  }

  /** When a message that arrives at `now` is handled. */
  finishTime(now: number): number {
    this.longest = Math.max(this.longest, this.#freeAt - now);
    this.#freeAt = Math.max(now, this.#freeAt) + this.#takes;
    return this.#freeAt;
  }
}
