import type { Exceptions } from '../exceptions.js';
import type { BreachLog } from './breach-log.js';

/** G3: tokens rise. */
export class Tokens {
  /** The highest token that was granted. */
  highest = 0;
  readonly #exceptions: Exceptions;
  readonly #breaches: BreachLog;

  constructor(exceptions: Exceptions, breaches: BreachLog) {
    this.#exceptions = exceptions;
    this.#breaches = breaches;
  }

  granted(name: string, token: number): void {
    const isExcused = this.#exceptions.mayLowerTokens || this.#exceptions.mayBeOutdated(name);
    if (token <= this.highest && !isExcused) {
      this.#breaches.report('G3', `${name} is granted the token ${token} after ${this.highest}`);
    }
    this.highest = Math.max(this.highest, token);
  }
}
