import type { Random } from '../random.js';
import type { EventQueue } from './event-queue.js';
import { KEY, type PeerPlan } from './plan-schema.js';
import type { Reporter } from './reporter.js';
import type { Server } from './server.js';

export interface PeerObserver extends Pick<Reporter, 'log'> {
  /** The peer has acquired a free lease. */
  takenByPeer(peer: string): void;
}

/**
 * A process that runs go-leader, as Redis sees it. It acquires a free lease, renews its own and
 * releases it. It writes no record and publishes no notice.
 */
export class Peer {
  readonly #id: string;
  readonly #server: Server;
  readonly #ttl: number;
  readonly #events: EventQueue;
  readonly #random: Random;
  readonly #plan: PeerPlan;
  readonly #observer: PeerObserver;
  /** When it stops leading; undefined if it does not lead. */
  #until: number | undefined;
  #isGone = false;

  constructor(
    id: string,
    server: Server,
    ttl: number,
    events: EventQueue,
    random: Random,
    plan: PeerPlan,
    observer: PeerObserver,
  ) {
    this.#id = id;
    this.#server = server;
    this.#ttl = ttl;
    this.#events = events;
    this.#random = random;
    this.#plan = plan;
    this.#observer = observer;
    this.#after(plan.wait);
  }

  /** Whether it holds the lease. */
  get holds(): boolean {
    return this.#server.store.lease(KEY)?.id === this.#id;
  }

  /** Acquires or renews the lease. Returns whether it now holds it. */
  acquireOrRenew(): boolean {
    const { store } = this.#server;
    const holder = store.lease(KEY)?.id;
    if (holder === undefined) this.#observer.takenByPeer(this.#id);
    else if (holder !== this.#id) return false;
    store.put(KEY, this.#id, this.#ttl);
    return true;
  }

  /** Releases the lease, if it holds it. */
  release(): void {
    if (!this.holds) return;
    this.#observer.log?.(`${this.#id} gives the lease up`);
    this.#server.store.evict(KEY, 'lease');
  }

  /** Stops for good. */
  leave(): void {
    this.#isGone = true;
    this.release();
  }

  #turn(): void {
    if (this.#isGone) return;
    const { now } = this.#events;
    if (this.#until !== undefined && now >= this.#until) {
      if (!this.#plan.crashes) this.release();
      this.#until = undefined;
      this.#after(this.#plan.away);
      return;
    }
    if (!this.acquireOrRenew()) this.#until = undefined;
    else this.#until ??= now + this.#plan.leads;
    this.#after(this.#until === undefined ? this.#plan.wait : this.#ttl / 3);
  }

  #after(ms: number): void {
    this.#events.after(ms * this.#random.between(0.5, 1), () => this.#turn());
  }
}
