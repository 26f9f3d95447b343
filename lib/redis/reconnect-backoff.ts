/** ms before an attempt that nothing speaks against: who is gone again by then makes no connection, not even by the hundred. */
const SOON = 50;
/** ms between two attempts after a failure; twice as many after each further one. */
const FIRST = 1_000;
const LONGEST = 30_000;
/** ms a connection lasts that is worth having back at once. */
const STEADY = 1_000;

/** ms to wait after so many failures in a row, more by up to a fifth, since all who lost one server come back to it. */
export function delayAfter(failures: number): number {
  return Math.min(FIRST * 2 ** (failures - 1), LONGEST) * (1 + Math.random() / 5);
}

/** How soon one attempt may follow another, whoever makes them. */
export class ReconnectBackoff {
  #failures = 0;
  #begun = Number.NEGATIVE_INFINITY;
  #succeeded = Number.POSITIVE_INFINITY;

  /** ms from now until the next attempt. */
  get wait(): number {
    return this.#until(delayAfter(this.#failures));
  }

  /** The same where there is reason to hope. */
  get leastWait(): number {
    return this.#until(FIRST);
  }

  begin(): void {
    this.#begun = performance.now();
    this.#succeeded = Number.POSITIVE_INFINITY;
  }

  succeed(): void {
    this.#succeeded = performance.now();
  }

  /** The attempt came to nothing, or what it brought has been lost. */
  fail(): void {
    const wasSteady = performance.now() - this.#succeeded >= STEADY;
    this.#failures = wasSteady ? 0 : this.#failures + 1;
  }

  #until(pause: number): number {
    return this.#failures === 0 ? SOON : Math.max(SOON, this.#begun + pause - performance.now());
  }
}
