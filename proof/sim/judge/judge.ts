import type { Term, Transition } from 'rx-leader';
import type { Coverage } from '../coverage.js';
import type { EventQueue } from '../event-queue.js';
import type { Exceptions } from '../exceptions.js';
import type { Machine, MachineObserver } from '../machine.js';
import type { Neighbour } from '../neighbour.js';
import type { PeerObserver } from '../peer.js';
import type { User, UserObserver } from '../user.js';
import { Availability } from './availability.js';
import { type Breach, BreachLog } from './breach-log.js';
import { Exit } from './exit.js';
import { Leadership } from './leadership.js';
import { OwnLease } from './own-lease.js';
import { RequestHistory } from './request-history.js';
import { RequestRate } from './request-rate.js';
import { Terms } from './terms.js';
import { Tokens } from './tokens.js';
import { Traffic } from './traffic.js';

type Observer = MachineObserver & UserObserver & PeerObserver;

/**
 * Observes everything that happens in a world, by true time, and checks each guarantee against it.
 */
export class Judge implements Observer {
  /** Set while a microtask may be waiting to run. */
  hasMicrotasks = false;
  /** Observes links and servers. */
  readonly traffic: Traffic;
  readonly #events: EventQueue;
  readonly #breaches: BreachLog;
  readonly #terms: Terms;
  readonly #requests: RequestHistory;
  readonly #leadership: Leadership;
  readonly #tokens: Tokens;
  readonly #availability: Availability;
  readonly #neighbours = new Map<Machine, readonly Neighbour[]>();

  constructor(events: EventQueue, ttl: number, exceptions: Exceptions, coverage: Coverage) {
    this.#events = events;
    this.#breaches = new BreachLog(events, coverage);
    this.#terms = new Terms(events);
    this.#requests = new RequestHistory(events);
    this.#leadership = new Leadership(events, ttl, exceptions, this.#terms, this.#breaches);
    this.#tokens = new Tokens(exceptions, this.#breaches);
    this.#availability = new Availability(this.#breaches);
    this.traffic = new Traffic(events, exceptions, coverage, this.#breaches, {
      terms: this.#terms,
      requests: this.#requests,
      leadership: this.#leadership,
      tokens: this.#tokens,
      ownLease: new OwnLease(this.#breaches),
      availability: this.#availability,
      exit: new Exit(this.#breaches),
      rate: new RequestRate(events, ttl, this.#breaches),
    });
  }

  get log(): ((text: string) => void) | undefined {
    return this.#breaches.log;
  }

  set log(log: (text: string) => void) {
    this.#breaches.log = log;
  }

  report(rule: string, text: string): void {
    this.#breaches.report(rule, text);
  }

  count(event: string): void {
    this.#breaches.count(event);
  }

  expectMicrotasks(): void {
    this.hasMicrotasks = true;
  }

  /** Every promise broken so far. */
  get breaches(): Breach[] {
    return [...this.#leadership.breaches, ...this.#breaches.breaches];
  }

  get terms(): number {
    return this.#terms.count;
  }

  get highest(): number {
    return this.#tokens.highest;
  }

  // What users do and receive.

  addUser(user: User): void {
    this.#leadership.add(user);
  }

  addNeighbour(machine: Machine, neighbour: Neighbour): void {
    this.#neighbours.set(machine, [...(this.#neighbours.get(machine) ?? []), neighbour]);
  }

  joined(user: User): void {
    this.log?.(`${user.machine.name} joins`);
  }

  /** A voluntary exit begins. */
  leaving({ term, machine, election }: User): void {
    const facts = term && this.#terms.factsOf(term.id);
    this.log?.(`${machine.name} leaves${term ? ` its term ${term.token}` : ''}`);
    if (facts && facts.exitAt === undefined && election.isLeading) facts.exitAt = machine.clock.now();
  }

  resigned(user: User, cooldown: number): void {
    const { drain, timeout } = user.options;
    user.coolingUntil = this.#events.now + 1.02 * (drain + timeout + cooldown);
  }

  left(user: User): void {
    this.#leadership.checker.left(user.machine.name);
  }

  received(user: User, transition: Transition): void {
    const { role } = transition;
    const { name } = user.machine;
    const why =
      role === 'leader' ? transition.term.token : role === 'error' ? transition.error.code : transition.reason;
    this.log?.(`${name} becomes ${role} (${why})`);
    this.count(role === 'leader' ? 'role leader' : `role ${role}/${why}`);
    this.#leadership.checker.role(name, role, this.#events.now);
    const conduct = this.#requests.of(user.link);
    if (role === 'follower' && transition.reason === 'lost') this.#availability.lostTerm(user, conduct);
    if (role === 'follower' && transition.reason === 'standby') this.#availability.standsBy(user, conduct);
    if (user.style.loop) this.expectMicrotasks(); // the user's loop was waiting for this
    if (role === 'leader') this.#terms.begin(user, transition.term);
    else if (user.term) this.#terms.end(user.term);
    this.#leadership.check(user);
  }

  workStarted(user: User, { id, token }: Term): void {
    const { name } = user.machine;
    const facts = this.#terms.factsOf(id);
    if (!facts) {
      this.report('contract', `work of ${name} begins before its term ${token} is announced`);
      return;
    }
    facts.isWorking = true;
    if (facts.overAt !== undefined) this.report('G2', `work of ${name} begins when its term ${token} is over`);
  }

  workStopped({ id }: Term): void {
    const facts = this.#terms.factsOf(id);
    if (facts) facts.isWorking = false;
  }

  /** Counts `promise` as work that a voluntary exit must wait for. */
  trackWork({ id }: Term, promise: Promise<void>): Promise<void> {
    const facts = this.#terms.factsOf(id);
    if (facts) facts.pending += 1;
    return promise.then(() => {
      if (facts) facts.pending -= 1;
    });
  }

  wasOver(term: Term): boolean {
    return this.#terms.wasOver(term);
  }

  grantedAt(term: Term): number {
    return this.#terms.grantedAt(term);
  }

  // What processes do.

  resumed(machine: Machine): void {
    this.#leadership.resumed(machine);
  }

  ranCallback(machine: Machine): void {
    for (const host of machine.hosts) {
      const user = this.#leadership.userOf(host);
      if (user) this.#leadership.check(user);
    }
    for (const neighbour of this.#neighbours.get(machine) ?? []) neighbour.check();
    this.#leadership.checkContested();
  }

  takenByPeer(peer: string): void {
    this.log?.(`${peer} takes the lease`);
    this.count('a go-leader peer takes the lease');
    this.#leadership.takenByPeer(peer);
  }

  /** When the record of `server` was last written. */
  writtenAt(server: number): number | undefined {
    return this.#requests.writtenAt(server);
  }

  /** The data of `server` is again what was written at `time`. */
  revert(server: number, time: number | undefined): void {
    this.#requests.revert(server, time);
  }
}
