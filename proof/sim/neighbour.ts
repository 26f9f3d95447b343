import type { Election, Transition } from 'rx-leader';
import { Subscription } from 'rxjs';
import type { Library } from '../library.js';
import type { Random } from '../random.js';
import type { EventQueue } from './event-queue.js';
import { Link, type LinkObserver, type Pipes } from './link.js';
import type { Machine } from './machine.js';
import type { NeighbourPlan, Network } from './plan-schema.js';
import type { Reporter } from './reporter.js';
import type { SerialQueue } from './serial-queue.js';
import { Server, type ServerObserver } from './server.js';

/** What many elections of one process share. */
export interface SharedQueues {
  readonly pipes: Pipes;
  readonly workload: SerialQueue;
  /** Called when a request of one of them goes unanswered. */
  readonly gaveUp: () => void;
}

const nothing = () => {};
const UNHEARD: LinkObserver & ServerObserver = {
  sent: nothing,
  answered: nothing,
  abandoned: nothing,
  notified: nothing,
  count: nothing,
  executed: nothing,
};

/**
 * Another election in the process of a user, over its own store, where nobody else stands. It
 * shares timers with the user's election, as elections of one client do. Neither may disturb the
 * other.
 */
export class Neighbour {
  readonly link: Link;
  /** How often it has become the leader. */
  terms = 0;
  readonly #election: Election;
  readonly #name: string;
  readonly #machine: Machine;
  readonly #events: EventQueue;
  readonly #reporter: Reporter;
  readonly #notices: number;
  #subscription = Subscription.EMPTY;
  #role: Transition['role'] | undefined;
  /** True time since when its term is over without an announcement. */
  #untoldSince: number | undefined;

  constructor(
    key: string,
    library: Library,
    machine: Machine,
    events: EventQueue,
    random: Random,
    network: Network,
    { options, joins, hangs }: NeighbourPlan,
    reporter: Reporter,
    shared?: SharedQueues,
  ) {
    this.#name = `${machine.name}, in ${key}`;
    this.#machine = machine;
    this.#events = events;
    this.#reporter = reporter;
    this.#notices = options.ttl / 20 + machine.lateness;
    const store = new library.MemoryLeaseStore({ clock: { now: () => events.now } });
    const server = new Server(store, events, key, UNHEARD, false, shared?.workload);
    const ear = shared ? { ...UNHEARD, gaveUp: shared.gaveUp } : UNHEARD;
    const link = new Link(machine, events, random, () => network, server, ear, shared?.pipes);
    this.link = link;
    const { scheduler, clock, soon } = machine;
    const environment = library.environment({ ...options, key, store: link, scheduler, clock });
    const drawn = { random: () => random.next(), soon, timersOf: machine };
    this.#election = new library.LiveElection({ ...environment, ...drawn }, undefined);
    events.after(joins, () => machine.receive(() => this.#join()));
    events.after(hangs.at, () => events.after(hangs.lasts, server.inject({ hangs: true })));
  }

  /** Checks that the end of its term is announced in time. */
  check(): void {
    const isUntold = this.#role === 'leader' && !this.#election.isLeading;
    const { now } = this.#events;
    this.#untoldSince = isUntold ? (this.#untoldSince ?? now) : undefined;
    if (this.#untoldSince === undefined) return;
    const late = now - Math.max(this.#untoldSince, this.#machine.resumedAt);
    if (late > this.#notices)
      this.#reporter.report('G2', `${this.#name} is not told for ${late} ms that it does not lead`);
  }

  /** Whether it leads, or its process is gone. */
  get isWell(): boolean {
    return this.#machine.isDead || this.#election.isLeading;
  }

  /** Leaves, long after the last fault. */
  leave(): void {
    if (!this.isWell) this.#reporter.report('G5', `${this.#name} does not lead, where nobody else stands`);
    this.#machine.receive(() => this.#subscription.unsubscribe());
    this.#role = undefined;
  }

  #join(): void {
    this.#subscription = this.#election.subscribe(({ role }) => {
      this.#role = role;
      if (role === 'leader') this.terms += 1;
    });
  }
}
