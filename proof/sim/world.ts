import type { ElectionErrorCode, Notice } from 'rx-leader';
import type { Library } from '../library.js';
import { Random } from '../random.js';
import { Agenda } from './agenda.js';
import { Exceptions } from './exceptions.js';
import { Judge, type Wrong } from './judge.js';
import { KINDS } from './kinds.js';
import { Link, type Network } from './link.js';
import { Machine } from './machine.js';
import { type Happening, KEY, type MachinePlan, type Plan } from './plan.js';
import { Server } from './server.js';
import { Sightings } from './sightings.js';
import { User } from './user.js';

/** More than any world takes that does not spin: most take some thousands. */
const MOST_STEPS = 300_000;

/** What a world has come to. */
export interface Outcome {
  readonly wrongs: readonly Wrong[];
  /** ms of true time that went by. */
  readonly lasted: number;
  readonly terms: number;
  readonly sightings: Sightings;
}

/** Candidates, their machines, clocks and connections, and a store, under whatever a plan lets befall them. Everything follows from the plan. */
export class World {
  readonly key = KEY;
  readonly ttl: number;
  readonly server: Server;
  readonly exceptions: Exceptions;
  readonly #plan: Plan;
  readonly #library: Library;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #judge: Judge;
  readonly #sightings = new Sightings();
  readonly #users: User[] = [];
  readonly #undos = new Set<() => void>();
  #network: Network;
  #steps = 0;

  constructor(plan: Plan, library: Library, tell?: (text: string) => void) {
    this.#plan = plan;
    this.#library = library;
    this.#network = plan.network;
    this.ttl = plan.options.ttl;
    this.#agenda = new Agenda(Random.of(plan.seed, 'agenda'));
    const agenda = this.#agenda;
    this.#random = Random.of(plan.seed, 'world');
    this.exceptions = new Exceptions(agenda, this.ttl);
    this.#judge = new Judge(agenda, plan.options, this.exceptions, this.#sightings);
    if (tell) this.#judge.tell = (text) => tell(`${agenda.now.toFixed(1).padStart(10)}  ${text}`);
    const store = new library.MemoryLeaseStore({ clock: { now: () => agenda.now * plan.serverRate } });
    this.server = new Server(store, agenda, KEY, this.#judge);
  }

  async run(): Promise<Outcome> {
    const { machines, happenings, lasts } = this.#plan;
    for (const machine of machines) this.add(machine);
    for (const happening of happenings) this.#agenda.at(happening.at, () => this.#befall(happening));
    await this.#until(() => false, lasts);
    this.#heal();
    await this.#recovers();
    await this.#handsOver();
    await this.#outlivesACrash();
    await this.#ends();
    return {
      wrongs: this.#judge.wrongs,
      lasted: this.#agenda.now,
      terms: this.#judge.terms,
      sightings: this.#sightings,
    };
  }

  // What happenings do.

  error(code: ElectionErrorCode): Error {
    return new this.#library.ElectionError(code, `The store fails: ${code}`);
  }

  /** Whom a happening is aimed at, among those who are there. */
  aimedAt({ aim, machine }: Happening): User | undefined {
    const there = this.#users.filter((user) => !user.machine.isDead && !user.isClosed);
    const [leader] = aim === 'leader' ? there.filter(({ term }) => term) : [];
    return leader ?? there[machine % Math.max(1, there.length)];
  }

  kill({ machine }: User): void {
    this.#judge.tell?.(`${machine.name} is killed`);
    machine.kill();
  }

  /** Somebody new. */
  add(plan: MachinePlan | undefined): void {
    if (!plan) return;
    const name = `m${this.#users.length + 1}`;
    const random = Random.of(this.#plan.seed, name);
    const machine = new Machine(name, this.#agenda, random, this.#library, plan, this.#judge);
    const link = new Link(machine, this.#agenda, random, () => this.#network, this.server, this.#judge);
    const user = new User(this.#library, link, random, this.#plan.options, plan.style, this.#judge);
    this.#users.push(user);
    this.#judge.enters(user);
    this.later(plan.joins, () => machine.receive(() => user.join()));
  }

  /** To a replica that hears nothing from now on, and takes over when what is returned is called. */
  failOver(): () => void {
    const { store } = this.server;
    const copy = store.copy();
    return () => {
      this.exceptions.lost();
      this.exceptions.ranAnew();
      store.failOver(copy);
      this.dropNotices();
    };
  }

  dropNotices(): void {
    for (const { link } of this.#users) link.dropNotices();
  }

  draw(): number {
    return this.#random.next();
  }

  /** A notice that somebody has made up, though not without a look at the store. */
  forged(): Notice {
    const random = this.#random;
    const lease = this.server.store.lease(KEY)?.id ?? 'nobody';
    const id = random.pick(lease, 'somebody', `m${random.whole(1, 4)}#${random.whole(1, 9)}`);
    if (random.chance(0.5)) return { kind: 'released', id };
    const token = random.pick(1, Number.MAX_SAFE_INTEGER);
    return { kind: 'elected', holder: { id, token, expiresIn: random.pick(0, this.ttl, 2 ** 31) } };
  }

  later(ms: number, run: () => void): void {
    this.#agenda.after(ms, run);
  }

  #befall(happening: Happening): void {
    const { kind, lasts } = happening;
    this.#judge.tell?.(`*** ${kind}, for ${lasts.toFixed(0)} ms`);
    this.#sightings.saw(`kind ${kind}`);
    const undo = KINDS[kind].begin(this, happening);
    if (!undo) return;
    const once = () => {
      if (this.#undos.delete(once)) undo();
    };
    this.#undos.add(once);
    this.#agenda.after(lasts, () => {
      if (this.#undos.has(once)) this.#judge.tell?.(`... ${kind} is over`);
      once();
    });
  }

  // Whether all get well.

  #heal(): void {
    this.#judge.tell?.('*** all is well');
    for (const undo of [...this.#undos]) undo();
    const { store } = this.server;
    if (store.lease(KEY)?.expiresIn === Number.POSITIVE_INFINITY) store.evict(KEY, 'lease'); // brought back by a failover
    const latency = Math.min(this.#network.latency, this.#plan.options.timeout / 50);
    this.#network = { latency, spikes: 0, loss: 0, duplicates: 0, ordered: true };
  }

  get #standing(): User[] {
    return this.#users.filter(({ machine, isStanding }) => isStanding && !machine.isDead);
  }

  /** Who leads as far as it was told. */
  get #leaders(): User[] {
    return this.#standing.filter(({ role }) => role === 'leader');
  }

  get #isSettled(): boolean {
    const leaders = this.#leaders;
    return leaders.length === 1 && this.#standing.every((user) => user === leaders[0] || user.role === 'follower');
  }

  /** Once all faults are over, one leads and all others follow. */
  async #recovers(): Promise<void> {
    const calm: MachinePlan = {
      rate: 1,
      lateness: 1,
      joins: 0,
      style: { work: 'stream', teardown: 0, loop: false, busy: 0, rash: 0 },
    };
    for (const user of this.#users) {
      user.isRash = false;
      user.link.reconnectAfresh();
      if (!user.isClosed) user.machine.receive(() => user.join());
    }
    for (let n = this.#standing.length; n < 3; n += 1) this.add(calm);
    const { ttl, wait, jitter, timeout, drain } = this.#plan.options;
    // What is left of a lease, a loss to be found and waited out, a cooldown, an exit; an attempt each.
    const allowed = 4 * ttl + drain + 3 * (wait + jitter + 2 * timeout);
    const took = await this.#until(() => this.#isSettled, allowed);
    if (!this.#isSettled) this.#judge.object('G5', `${took} ms after all is well: ${this.#glance()}`);
  }

  /** After a graceful exit there is a next leader within an attempt. */
  async #handsOver(): Promise<void> {
    await this.#idle();
    const [leader] = this.#leaders;
    if (!leader) return;
    const { ttl, wait, jitter, timeout, drain } = this.#plan.options;
    // Those who have seen a higher token take what it gives up for lost; so does another run of the store, and one that has lost the record.
    const isDistrusted =
      this.exceptions.hasJustLost ||
      (leader.term !== undefined &&
        (leader.term.token < this.#judge.highest ||
          this.exceptions.isOfEarlierRun(this.#judge.grantedAt(leader.term))));
    // A clock that was set back lets renewals pass for timely that are late, and put back what nobody holds any more.
    const lease = ttl + wait + jitter;
    const distrusted = (isDistrusted ? lease : 0) + (this.exceptions.wasSetBack ? 2 * lease : 0);
    let settled = false;
    leader.machine.receive(() => {
      leader.close().then(() => {
        settled = true;
      });
    });
    const teardown = Math.min(
      drain,
      leader.style.work === 'slow' || leader.style.work === 'promise' ? leader.style.teardown : 0,
    );
    const slack = this.#slack;
    // A release is told, and the lease asked for at once: not by `wait`.
    const took = await this.#until(() => this.#isSettled, this.#aside(leader) + 1.02 * (teardown + distrusted) + slack);
    if (!this.#isSettled) this.#judge.object('G5', `${took} ms after ${leader.machine.name} closed: ${this.#glance()}`);
    await this.#until(() => settled, 1.02 * (drain + timeout) + slack - took);
    if (!settled) this.#judge.object('contract', `close() of ${leader.machine.name} has not settled`);
  }

  /** After a crash there is one within its lease. */
  async #outlivesACrash(): Promise<void> {
    await this.#idle();
    const [leader] = this.#leaders;
    if (!leader || this.#standing.length < 2) return;
    this.kill(leader);
    const { ttl, wait, jitter, timeout } = this.#plan.options;
    const prolonged = this.exceptions.mayMisreckon ? ttl + wait + jitter : 0;
    const allowed = 1.02 * (ttl + jitter) + 2 * timeout + prolonged + this.#slack;
    const took = await this.#until(() => this.#isSettled, this.#aside(leader) + allowed);
    if (!this.#isSettled)
      this.#judge.object('G5', `${took} ms after ${leader.machine.name} was killed: ${this.#glance()}`);
  }

  /** After everybody has left there is nothing that anybody of them still has to do. */
  async #ends(): Promise<void> {
    const { drain, timeout } = this.#plan.options;
    for (const user of this.#users) user.machine.receive(() => void user.close());
    await this.#until(() => false, 1.02 * (drain + timeout) + this.#slack + 3 * this.ttl);
    for (const { machine, link } of this.#users) {
      if (machine.isDead) continue;
      if (machine.timers > 0) this.#judge.object('G6', `${machine.name} has left ${machine.timers} timers behind`);
      if (!link.isIdle) this.#judge.object('G6', `${machine.name} still waits for the store`);
    }
  }

  /** Lets a moment pass that is no multiple of anything; longer than a request that got lost before all was well is waited for. */
  async #idle(): Promise<void> {
    const { timeout } = this.#plan.options;
    await this.#until(() => false, 1.1 * timeout + this.ttl * Random.of(this.#plan.seed, 'idle').next());
  }

  /** ms until the first of the others stands that has not stepped down and stands aside. */
  #aside(leader: User): number {
    const others = this.#standing.filter((user) => user !== leader).map(({ asideUntil }) => asideUntil);
    return Math.max(0, Math.min(...others) - this.#agenda.now);
  }

  /** ms that ordinary delays of an ordinary day may add. */
  get #slack(): number {
    return 20 * this.#plan.network.latency + (4 * this.ttl) / 100 + 5;
  }

  /** Lets things happen until `condition`, `within` ms at most; how long that took. */
  async #until(condition: () => boolean, within: number): Promise<number> {
    const begun = this.#agenda.now;
    const end = begun + within;
    do {
      this.#steps += 1;
      if (this.#steps === MOST_STEPS)
        this.#judge.object('contract', 'something is done again and again, and never through');
      if (this.#steps >= MOST_STEPS) break;
      if (!this.#judge.isPromised) continue;
      this.#judge.isPromised = false;
      await new Promise(setImmediate); // every microtask has had its turn by then
    } while (!condition() && this.#agenda.step(end));
    return this.#agenda.now - begun;
  }

  #glance(): string {
    const states = this.#standing.map(({ machine, role }) => `${machine.name} ${role ?? 'says nothing'}`);
    return states.join(', ') || 'nobody stands';
  }
}
