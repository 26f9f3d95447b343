import type { ElectionErrorCode, LeaseStore } from 'rx-leader';
import type { Notice } from '../../lib/port/lease-store.js';
import type { Library } from '../library.js';
import { Random } from '../random.js';
import { Coverage } from './coverage.js';
import { Crowd } from './crowd.js';
import { EventQueue } from './event-queue.js';
import { Exceptions } from './exceptions.js';
import { FAULT_KINDS, type FaultContext } from './fault-kinds.js';
import { Judge } from './judge/judge.js';
import { type Connection, Link, type LinkObserver } from './link.js';
import { type Host, Machine } from './machine.js';
import { Neighbour } from './neighbour.js';
import { Peer } from './peer.js';
import {
  type FaultEvent,
  fair,
  KEY,
  type MachinePlan,
  type NeighbourPlan,
  type Network,
  type Plan,
  type Style,
  shortestTimeout,
} from './plan-schema.js';
import { QuorumConnection } from './quorum-connection.js';
import { Server } from './server.js';
import { plausibleId, User } from './user.js';

/** The default of the model. */
const EPOCH = Date.UTC(2020, 0);

/**
 * More steps than any world takes that does not spin: most take some thousands, the longest some
 * hundreds for each ttl.
 */
const MOST_STEPS = 300_000;
const MOST_STEPS_A_TTL = 10_000;

/**
 * Candidates with their machines, clocks and connections, and a store, under the faults of a plan.
 * Everything follows from the plan.
 */
export class World implements FaultContext {
  readonly key = KEY;
  readonly ttl: number;
  readonly servers: readonly Server[];
  /**
   * Servers that may lose data or have their clocks set: the only one, or a minority of several.
   */
  readonly #faulty: readonly Server[];
  readonly exceptions: Exceptions;
  readonly plan: Plan;
  readonly events: EventQueue;
  readonly judge: Judge;
  readonly users: User[] = [];
  readonly neighbours: Neighbour[] = [];
  readonly peers: Peer[] = [];
  readonly #library: Library;
  readonly #random: Random;
  readonly coverage = new Coverage();
  readonly #pendingUndos = new Set<() => void>();
  readonly #quorums = new Map<Machine, { next: readonly Link[]; readonly store: LeaseStore }>();
  #network: Network;
  readonly #mostSteps: number;
  #steps = 0;
  #machines = 0;

  constructor(plan: Plan, library: Library, tell?: (text: string) => void) {
    this.plan = plan;
    this.#library = library;
    this.#network = plan.network;
    this.ttl = plan.options.ttl;
    this.#mostSteps = Math.max(MOST_STEPS, (MOST_STEPS_A_TTL * plan.lasts) / plan.options.ttl);
    this.events = new EventQueue(Random.of(plan.seed, 'agenda'));
    const events = this.events;
    this.#random = Random.of(plan.seed, 'world');
    const { others = [] } = plan;
    this.exceptions = new Exceptions(events, this.ttl, others.length > 0);
    this.judge = new Judge(events, this.ttl, this.exceptions, this.coverage);
    if (tell) this.judge.log = (text) => tell(`${events.now.toFixed(1).padStart(10)}  ${text}`);
    const open = (rate: number, ahead: number, faulty: number | undefined) => {
      const store = new library.MemoryLeaseStore({ clock: { now: () => events.now * rate }, epoch: EPOCH + ahead });
      return new Server(
        store,
        events,
        KEY,
        others.length > 0 ? this.judge.traffic.ofMember(faulty) : this.judge.traffic,
        plan.isSilent,
      );
    };
    const minority = Math.max(1, Math.floor(others.length / 2));
    this.servers = [{ rate: plan.serverRate, ahead: 0 }, ...others].map(({ rate, ahead }, i) =>
      open(rate, ahead, i < minority ? i : undefined),
    );
    this.#faulty = this.servers.slice(0, minority);
  }

  /** Runs the plan: its machines, peers and faults. */
  async runPlan(): Promise<void> {
    const { machines, peers = [], faults, lasts } = this.plan;
    for (const machine of machines) this.add(machine);
    for (const [i, one] of peers.entries()) {
      const name = `p${i + 1}`;
      const random = Random.of(this.plan.seed, name);
      this.peers.push(new Peer(name, this.servers[0] as Server, this.ttl, this.events, random, one, this.judge));
    }
    for (const fault of faults) this.events.at(fault.at, () => this.#inject(fault));
    const crowd = this.#addCrowd();
    await this.advanceUntil(() => false, lasts);
    crowd?.leave();
    this.endFaults();
  }

  // The actions of faults.

  error(code: ElectionErrorCode): Error {
    return new this.#library.ElectionError(code, `The store fails: ${code}`);
  }

  /** Whether nobody holds the lease. */
  get isFree(): boolean {
    const free = this.servers.filter(({ store }) => store.lease(KEY) === undefined);
    return free.length > this.servers.length / 2;
  }

  /** The user that a fault is aimed at, among those that are there. */
  targetOf({ aim, machine }: FaultEvent): User | undefined {
    const there = this.users.filter((user) => !user.machine.isDead && !user.isClosed);
    const [leader] = aim === 'leader' ? there.filter(({ term }) => term) : [];
    return leader ?? there[machine % Math.max(1, there.length)];
  }

  kill({ machine }: User): void {
    this.judge.log?.(`${machine.process.name} is killed`);
    machine.process.kill();
  }

  /** Adds a machine. */
  add(plan: MachinePlan | undefined): void {
    if (!plan) return;
    this.#machines += 1;
    const name = `m${this.#machines}`;
    const random = Random.of(this.plan.seed, name);
    const machine = new Machine(name, this.events, random, this.#library, plan, this.judge);
    const users = [this.#addUser(machine, random, plan, plan.style)];
    for (const one of plan.neighbours ?? []) this.#addNeighbour(machine, one);
    for (const style of plan.siblings ?? []) {
      const seat = machine.addHost();
      users.push(this.#addUser(seat, Random.of(this.plan.seed, seat.name), plan, style));
    }
    for (const user of users) this.later(plan.joins, () => machine.receive(() => user.join()));
  }

  #addUser(seat: Host, random: Random, { options }: MachinePlan, style: Style): User {
    const link = this.#connect(seat, random);
    const user = new User(this.#library, link, random, { ...this.plan.options, ...options }, style, this.judge);
    this.users.push(user);
    this.judge.addUser(user);
    return user;
  }

  #addCrowd(): Crowd | undefined {
    const [user] = this.users;
    const { crowd, seed } = this.plan;
    if (!user || !crowd) return undefined;
    const random = Random.of(seed, 'crowd in it');
    return new Crowd(this.#library, user.machine.process, this.events, random, this.plan, crowd, this.judge);
  }

  #addNeighbour(machine: Machine, plan: NeighbourPlan): void {
    const key = `n${this.neighbours.length + 1}`;
    const random = Random.of(this.plan.seed, key);
    const network = fair(this.plan.options.timeout / 100);
    const neighbour = new Neighbour(key, this.#library, machine, this.events, random, network, plan, this.judge);
    this.neighbours.push(neighbour);
    this.judge.addNeighbour(machine, neighbour);
  }

  #connect(machine: Host, random: Random): Connection {
    const network = () => this.#network;
    const link = (server: Server, observer: LinkObserver) =>
      new Link(machine, this.events, random, network, server, observer);
    const { servers, judge, events } = this;
    const observerOf = (i: number) => judge.traffic.ofMember(i < this.#faulty.length ? i : undefined);
    const links = servers.map((one, i) => link(one, servers.length > 1 ? observerOf(i) : judge.traffic));
    const [first, ...others] = links as [Link, ...Link[]];
    return others.length === 0
      ? first
      : new QuorumConnection(
          this.#quorumOf(machine, [first, ...others], random),
          [first, ...others],
          events,
          random,
          judge.traffic.ofQuorum(),
        );
  }

  /** One quorum for each process; it has separate state for each candidate. */
  #quorumOf({ process, clock, scheduler }: Host, links: readonly [Link, ...Link[]], random: Random): LeaseStore {
    const before = this.#quorums.get(process);
    if (before) {
      before.next = links;
      return before.store;
    }
    const shared = { next: links };
    const members = links.map((link, i) => Object.assign(link, { forElection: () => shared.next[i] as Link }));
    const surroundings = { clock, scheduler, random: () => random.next() };
    const store = this.#library.quorumStore(members, surroundings);
    this.#quorums.set(process, Object.assign(shared, { store }));
    return store;
  }

  /** The server that a fault is aimed at, among those that may lose data. */
  faulty({ server = 0 }: FaultEvent): Server {
    return this.#faulty[server % this.#faulty.length] as Server;
  }

  /**
   * Starts a failover: a replica, whose clock is `ahead` ms, receives nothing from now on. The
   * returned function promotes it.
   */
  failOver(server: Server, ahead: number): () => void {
    const { store } = server;
    const index = this.servers.indexOf(server);
    const copy = store.copy();
    const written = this.judge.writtenAt(index);
    return () => {
      this.exceptions.lost();
      this.exceptions.ranAnew();
      store.failOver(copy);
      this.judge.revert(index, written);
      if (ahead !== 0) this.setClock(server, ahead);
      this.serverChanged();
    };
  }

  setClock(server: Server, ms: number): void {
    this.exceptions.clockSet(ms, this.servers.indexOf(server));
    server.store.stepClock(ms);
  }

  /** All connections notice that the server changed, unless it is silent. */
  serverChanged(): void {
    if (this.plan.isSilent) return;
    for (const { link } of this.users) link.serverChanged();
  }

  draw(): number {
    return this.#random.next();
  }

  /** A forged notice, partly with true facts of the store. */
  forgedNotice(): Notice {
    const random = this.#random;
    const lease = this.servers[0]?.store.lease(KEY)?.id ?? 'nobody';
    const id = random.pick(lease, 'somebody', plausibleId(random));
    if (random.chance(0.2)) return { kind: 'cut', id };
    const successor = random.chance(0.2) ? random.pick('nobody', plausibleId(random)) : undefined;
    if (random.chance(0.5)) return { kind: 'released', id, ...(successor && { successor }) };
    const token = random.pick(1, Number.MAX_SAFE_INTEGER);
    return { kind: 'elected', holder: { id, token, expiresIn: random.pick(0, this.ttl, 2 ** 31) } };
  }

  later(ms: number, run: () => void): void {
    this.events.after(ms, run);
  }

  #inject(fault: FaultEvent): void {
    const { kind, lasts } = fault;
    this.judge.log?.(`*** ${kind}, for ${lasts.toFixed(0)} ms`);
    this.coverage.count(`kind ${kind}`);
    const undo = FAULT_KINDS[kind].begin(this, fault);
    if (!undo) return;
    const once = () => {
      if (this.#pendingUndos.delete(once)) undo();
    };
    this.#pendingUndos.add(once);
    this.events.after(lasts, () => {
      if (this.#pendingUndos.has(once)) this.judge.log?.(`... ${kind} is over`);
      once();
    });
  }

  /** Ends all faults, and makes the network reliable. */
  endFaults(): void {
    this.judge.log?.('*** all is well');
    for (const undo of [...this.#pendingUndos]) undo();
    for (const peer of this.peers) peer.leave();
    for (const { store } of this.#faulty) {
      if (store.lease(KEY)?.expiresIn === Number.POSITIVE_INFINITY) store.evict(KEY, 'lease'); // brought back by a failover
    }
    this.#network = fair(Math.min(this.#network.latency, shortestTimeout(this.plan) / 50));
  }

  /** Runs events until `condition` holds, for at most `within` ms. Returns how long that took. */
  async advanceUntil(condition: () => boolean, within: number): Promise<number> {
    const begun = this.events.now;
    const end = begun + within;
    do {
      this.#steps += 1;
      if (this.#steps === this.#mostSteps)
        this.judge.report('contract', 'something is done again and again, and never through');
      if (this.#steps >= this.#mostSteps) break;
      if (!this.judge.hasMicrotasks) continue;
      this.judge.hasMicrotasks = false;
      await new Promise(setImmediate); // every microtask has had its turn by then
    } while (!condition() && this.events.step(end));
    return this.events.now - begun;
  }
}
