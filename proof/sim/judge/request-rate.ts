import type { EventQueue } from '../event-queue.js';
import type { Host } from '../machine.js';
import type { User } from '../user.js';
import type { BreachLog } from './breach-log.js';

/**
 * The contract: no candidate floods the store, however many notices it receives and refusals it
 * meets.
 */
export class RequestRate {
  readonly #times = new Map<string, number[]>();
  readonly #events: EventQueue;
  readonly #ttl: number;
  readonly #breaches: BreachLog;

  constructor(events: EventQueue, ttl: number, breaches: BreachLog) {
    this.#events = events;
    this.#ttl = ttl;
    this.#breaches = breaches;
  }

  sent({ name }: Host, user: User | undefined): void {
    const { now } = this.#events;
    const times = this.#times.get(name) ?? [];
    this.#times.set(name, times);
    times.push(now);
    while ((times[0] as number) < now - this.#ttl) times.shift();
    if (user && times.length === tooMany(user.options)) {
      this.#breaches.report('contract', `${name} has sent ${times.length} requests within a ttl`);
    }
  }
}

/** Failures are retried after a quarter of a timeout. */
const tooMany = ({ ttl, timeout }: User['options']): number => Math.ceil((6 * ttl) / timeout) + 60;
