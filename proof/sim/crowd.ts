import type { Library } from '../library.js';
import type { Random } from '../random.js';
import type { EventQueue } from './event-queue.js';
import type { Machine } from './machine.js';
import { Neighbour } from './neighbour.js';
import { type CrowdPlan, fair, type Plan } from './plan-schema.js';
import type { Reporter } from './reporter.js';
import { SerialQueue } from './serial-queue.js';

/**
 * One process with as many elections as it can have, after an outage of its connection that is
 * shorter than a lease.
 */
export class Crowd {
  readonly #neighbours: readonly Neighbour[];
  readonly #reporter: Reporter;
  readonly #workload: SerialQueue;
  /**
   * ms for which a request may wait at the server once requests are spread: a part of the time
   * that all at once take.
   */
  readonly #patience: number;
  #isCalm = false;
  #unanswered = 0;

  constructor(
    library: Library,
    machine: Machine,
    events: EventQueue,
    random: Random,
    plan: Plan,
    crowd: CrowdPlan,
    reporter: Reporter,
  ) {
    this.#reporter = reporter;
    const { ttl, timeout } = plan.options;
    const { count, takes, outage } = crowd;
    this.#workload = new SerialQueue(takes);
    this.#patience = (takes * count) / 5;
    const shared = {
      pipes: { requests: new SerialQueue(takes / 2), replies: new SerialQueue(takes / 2) },
      workload: this.#workload,
      gaveUp: () => {
        if (this.#isCalm) this.#unanswered += 1;
      },
    };
    this.#neighbours = Array.from({ length: count }, (_, n) => {
      const one = { options: plan.options, joins: random.next() * ttl, hangs: { at: 0, lasts: 0 } };
      return new Neighbour(`c${n + 1}`, library, machine, events, random, fair(timeout / 1_000), one, reporter, shared);
    });
    events.after(outage.at, () => this.#lose(library, events, outage.lasts));
    // By then each election has renewed at least twice.
    events.after(outage.at + outage.lasts + ttl, () => {
      this.#isCalm = true;
      this.#workload.longest = 0;
    });
  }

  /** Ends the crowd, and reports what should have recovered by now. */
  leave(): void {
    const lost = this.#neighbours.filter(({ terms }) => terms !== 1).length;
    if (lost > 0)
      this.#reporter.report('G5', `${lost} of a crowd lose their terms in an outage that is shorter than a lease`);
    if (this.#unanswered > 0)
      this.#reporter.report('G5', `${this.#unanswered} requests of a crowd go unanswered long after an outage`);
    const { longest } = this.#workload;
    if (longest > this.#patience)
      this.#reporter.report(
        'G5',
        `requests of a crowd come together long after an outage: one waits for ${longest.toFixed(0)} ms`,
      );
    for (const neighbour of this.#neighbours) neighbour.leave();
  }

  #lose({ ElectionError }: Library, events: EventQueue, lasts: number): void {
    const error = new ElectionError('STORE_UNAVAILABLE', 'The connection is lost');
    for (const { link } of this.#neighbours) {
      link.drop(error);
      events.after(lasts, link.inject({ queued: true }));
    }
  }
}
