/** ms before the first attempt. Subscribers that leave earlier open no connection. */
const FIRST_DELAY = 50;
/** ms between two attempts after a failure, doubled after each further failure. */
const RETRY_DELAY = 1_000;
const MAX_RETRY_DELAY = 30_000;
/** A connection that lasted this many ms is reopened at once. */
const STEADY_AFTER = 1_000;

/**
 * ms to wait after `failures` in a row, plus up to a fifth, so that clients do not return together.
 */
export function delayAfter(failures: number): number {
  return Math.min(RETRY_DELAY * 2 ** (failures - 1), MAX_RETRY_DELAY) * (1 + Math.random() / 5);
}

/** The delay between attempts to connect. */
export class ReconnectBackoff {
  #failures = 0;
  #begun = Number.NEGATIVE_INFINITY;
  #succeeded = Number.POSITIVE_INFINITY;

  /** ms from now until the next attempt. */
  get wait(): number {
    return this.#until(delayAfter(this.#failures));
  }

  /** The shorter delay, for when the server is likely to be back. */
  get leastWait(): number {
    return this.#until(RETRY_DELAY);
  }

  begin(): void {
    this.#begun = performance.now();
    this.#succeeded = Number.POSITIVE_INFINITY;
  }

  succeed(): void {
    this.#succeeded = performance.now();
  }

  /** The attempt has failed, or its connection was lost. */
  fail(): void {
    const wasSteady = performance.now() - this.#succeeded >= STEADY_AFTER;
    this.#failures = wasSteady ? 0 : this.#failures + 1;
  }

  #until(pause: number): number {
    return this.#failures === 0 ? FIRST_DELAY : Math.max(FIRST_DELAY, this.#begun + pause - performance.now());
  }
}
