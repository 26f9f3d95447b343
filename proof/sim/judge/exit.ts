import type { BreachLog } from './breach-log.js';
import type { TermFacts } from './terms.js';

/** G7: a voluntary exit releases the lease only when the work has stopped, or has had its time. */
export class Exit {
  readonly #breaches: BreachLog;

  constructor(breaches: BreachLog) {
    this.#breaches = breaches;
  }

  releasing({ user, term, isWorking, pending, exitAt }: TermFacts): void {
    const { name, clock } = user.machine;
    const report = (why: string) => this.#breaches.report('G7', `${name} gives up its term ${term.token} ${why}`);
    if (isWorking) report('while its work goes on');
    if (!term.signal.aborted) report('before its signal aborts');
    if (pending > 0 && exitAt !== undefined && clock.now() < exitAt + user.options.drain - 1) {
      report('before the work that it waits for has settled');
    }
  }
}
