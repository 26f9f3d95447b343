import type { Coverage } from '../coverage.js';
import type { EventQueue } from '../event-queue.js';
import type { Reporter } from '../reporter.js';

/** A broken promise. `rule` is a guarantee, or `contract` for what the contract says besides. */
export interface Breach {
  readonly rule: string;
  readonly at: number;
  readonly text: string;
}

/** Collects broken promises, and passes on what is worth logging or counting. */
export class BreachLog implements Reporter {
  log: ((text: string) => void) | undefined;
  readonly breaches: Breach[] = [];
  readonly #events: EventQueue;
  readonly #coverage: Coverage;

  constructor(events: EventQueue, coverage: Coverage) {
    this.#events = events;
    this.#coverage = coverage;
  }

  report(rule: string, text: string): void {
    this.log?.(`WRONG (${rule}): ${text}`);
    this.breaches.push({ rule, at: this.#events.now, text });
  }

  count(event: string): void {
    this.#coverage.count(event);
  }
}
