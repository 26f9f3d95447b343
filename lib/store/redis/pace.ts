/** ms between two attempts of which the first succeeded: whoever comes and goes by the hundred makes few connections. */
const LEAST = 100;
/** ms between two attempts after a failure; twice as many after each further one. */
const FIRST = 1_000;
const LONGEST = 30_000;
/** ms a connection lasts that is worth having back at once. */
const STEADY = 1_000;

/** ms to wait after so many failures in a row, spread by a fifth, since all who lost one server come back to it. */
export function pauseAfter(failures: number): number {
  return Math.min(FIRST * 2 ** (failures - 1), LONGEST) * (1 + Math.random() / 5);
}

/** How soon one attempt may follow another, whoever makes them. */
export class Pace {
  #failures = 0;
  #begun = Number.NEGATIVE_INFINITY;
  #succeeded: number | undefined;

  /** ms until the next attempt is due. */
  get wait(): number {
    return this.#until(this.#failures === 0 ? LEAST : pauseAfter(this.#failures));
  }

  /** ms until the next attempt where there is hope again. */
  get leastWait(): number {
    return this.#until(this.#failures === 0 ? LEAST : FIRST);
  }

  begin(): void {
    this.#begun = performance.now();
    this.#succeeded = undefined;
  }

  succeed(): void {
    this.#succeeded = performance.now();
  }

  /** The attempt has failed, or what it brought is over, against our will. */
  fail(): void {
    const lasted = performance.now() - (this.#succeeded ?? Number.POSITIVE_INFINITY);
    this.#failures = lasted >= STEADY ? 0 : this.#failures + 1;
  }

  #until(pause: number): number {
    return Math.max(0, this.#begun + pause - performance.now());
  }
}
