/** What works through one thing after the other, each of which takes its time: a connection, or a server. */
export class SerialQueue {
  readonly #takes: number;
  #freeAt = 0;
  /** The longest that anything had to wait, in ms; to be set to 0 where that is to be counted from. */
  longest = 0;

  /** `takes`: ms for each. */
  constructor(takes: number) {
    this.#takes = takes;
  }

  /** When it is through with what comes in `now`. */
  finishTime(now: number): number {
    this.longest = Math.max(this.longest, this.#freeAt - now);
    this.#freeAt = Math.max(now, this.#freeAt) + this.#takes;
    return this.#freeAt;
  }
}
