import { describe, expect, it } from '@jest/globals';
import { elect } from '../../lib/elect.js';
import type { Election } from '../../lib/election.js';
import type { Transition } from '../../lib/stream/transition.js';
import { MemoryLeaseStore } from '../../lib/testing/memory-lease-store.js';
import { Dice, Machine, Timeline } from '../support/simulation.js';

const TTL = 1_000;
const TIMEOUT = 100;

interface Candidate {
  readonly name: string;
  readonly machine: Machine;
  readonly election: Election;
  join(): void;
  leave(): void;
}

/** Candidates of one election under random weather; everything follows from the seed. Whatever breaks a promise is written down. */
class World {
  readonly broken: string[] = [];
  readonly history: string[] = [];
  readonly #dice: Dice;
  readonly #timeline: Timeline;
  readonly #store: MemoryLeaseStore;
  readonly #rates: readonly number[];
  readonly #wait: number;
  readonly #latency: number;
  #candidates: Candidate[] = [];
  #born = 0;
  #lastToken = 0;
  terms = 0;

  constructor(seed: number, rates: readonly number[]) {
    this.#dice = new Dice(seed);
    this.#rates = rates;
    this.#wait = this.#dice.pick([20, 50, 500]);
    this.#latency = this.#dice.pick([0, 2, 20]);
    const timeline = new Timeline(this.#dice);
    this.#timeline = timeline;
    const rate = this.#dice.pick([0.99, 1, 1.01]);
    this.#store = new MemoryLeaseStore({ clock: { now: () => timeline.now * rate } });
  }

  /** A life of candidates that come and go in changing weather, then of calm, then without them. */
  live(): this {
    for (let i = 0; i < 3; i += 1) this.#stand();
    for (let i = 0; i < 40; i += 1) {
      this.#run(this.#dice.between(1, TTL));
      this.#change();
    }
    this.#run(10 * TTL);
    if (this.#leaders.length !== 1) this.broken.push(`${this.#leaders.length} lead after ${10 * TTL} ms of calm (G5)`);
    for (const { election } of this.#candidates) void election.close();
    this.#run(10 * TTL);
    if (!this.#timeline.isEmpty) this.broken.push('something is to happen after close (G6)');
    return this;
  }

  #run(ms: number): void {
    this.#timeline.run(ms, () => {
      const leaders = this.#leaders;
      if (leaders.length > 1) this.#breach(`${leaders.map(({ name }) => name).join(' and ')} lead (G1)`);
    });
  }

  get #leaders(): Candidate[] {
    return this.#candidates.filter(({ machine, election }) => !machine.isDead && election.isLeading);
  }

  #breach(what: string): void {
    this.broken.push(`${this.#timeline.now.toFixed(1)} ${what}`);
  }

  #stand(): void {
    const machine = new Machine(this.#timeline, this.#store, this.#dice.pick(this.#rates));
    this.#clear(machine);
    this.#born += 1;
    const name = `c${this.#born}`;
    const { store, scheduler, clock } = machine;
    const times = { ttl: TTL, timeout: TIMEOUT, wait: this.#wait, jitter: 0, drain: 100 };
    const election = elect({ store, scheduler, clock, key: 'k', name, ...times });
    let stop = () => {};
    const candidate = {
      name,
      machine,
      election,
      leave: () => stop(),
      join: () => {
        stop();
        const subscription = election.subscribe(this.#listener(name, election));
        stop = () => subscription.unsubscribe();
      },
    };
    this.#candidates.push(candidate);
    candidate.join();
  }

  #listener(name: string, election: Election): (transition: Transition) => void {
    let last: Transition['role'] | undefined;
    return (transition) => {
      const { role } = transition;
      const detail =
        role === 'leader' ? transition.term.token : role === 'error' ? transition.error.code : transition.reason;
      this.history.push(`${this.#timeline.now.toFixed(1)} ${name} ${role} ${detail}`);
      if (role === last) this.#breach(`${name} is told twice that it is ${role}`);
      if (last === 'leader' && role !== 'follower') this.#breach(`${name} is ${role} without having been follower`);
      if (election.role !== role) this.#breach(`${name} is told ${role} and is ${election.role}`);
      last = role;
      if (role !== 'leader') return;
      this.terms += 1;
      const { token } = transition.term;
      if (token <= this.#lastToken) this.#breach(`${name} has token ${token} after ${this.#lastToken} (G3)`);
      this.#lastToken = Math.max(this.#lastToken, token);
    };
  }

  #clear(machine: Machine): void {
    machine.loses = { requests: false, replies: false };
    const delay = () => this.#dice.between(0, this.#latency);
    machine.delay = { request: delay, reply: delay };
  }

  /** Something befalls one candidate, the leader more often than others, or the store, and passes. */
  #change(): void {
    const dice = this.#dice;
    const alive = this.#candidates.filter(({ machine }) => !machine.isDead);
    const leaders = this.#leaders;
    const candidate = dice.pick(leaders.length > 0 && dice.roll() < 0.7 ? leaders : alive);
    const { machine, election } = candidate;
    const passes = (end: () => void) => this.#timeline.after(dice.between(1, 3 * TTL), end);
    const fates: Record<string, () => unknown> = {
      freezes: () => machine.freeze(dice.between(1, 3 * TTL)),
      'is not heard': () => {
        machine.loses = { requests: true, replies: false };
        passes(() => this.#clear(machine));
      },
      'hears nothing': () => {
        machine.loses = { requests: false, replies: true };
        passes(() => this.#clear(machine));
      },
      'hears late': () => {
        machine.delay = { request: () => 0, reply: () => dice.between(0.8, 0.99) * TIMEOUT };
        passes(() => this.#clear(machine));
      },
      'is heard late': () => {
        machine.delay = { request: () => dice.between(0, 2 * TTL), reply: () => 0 };
        passes(() => this.#clear(machine));
      },
      'steps down': () => void election.stepDown({ cooldown: Math.floor(dice.between(0, TTL)) }),
      'comes and goes': () => {
        candidate.leave();
        this.#timeline.after(dice.between(0, TTL), () => candidate.join());
      },
      dies: () => {
        machine.isDead = true;
        this.#stand();
      },
      closes: () => {
        void election.close();
        this.#candidates = this.#candidates.filter((other) => other !== candidate);
        this.#stand();
      },
      'and all hear of a store that hangs': () => {
        this.#store.hang();
        passes(() => this.#store.heal());
      },
      'and all hear of a store that refuses': () => {
        this.#store.fail(dice.pick(['STORE_READONLY', 'STORE_UNAVAILABLE', 'STORE_FULL', 'STORE_REPLY'] as const));
        passes(() => this.#store.heal());
      },
      'and all hear of a lease that vanished': () => this.#store.evict('k', 'lease'),
      'and all hear of a restart': () => this.#store.restart({ keep: true }),
    };
    const fate = dice.pick(Object.keys(fates));
    this.history.push(`${this.#timeline.now.toFixed(1)} ${candidate.name} ${fate}`);
    fates[fate]?.();
  }
}

/** Within ρ of the true rate, the store's as well as each machine's. */
const FAIR = [0.99, 1, 1.01];

describe('any candidates in any weather', () => {
  it('lead one at a time, under rising tokens, told in order; there is a next leader, and an end (G1, G3, G5, G6)', () => {
    let terms = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const world = new World(seed, FAIR).live();
      const report = { seed, broken: world.broken, history: world.broken.length > 0 ? world.history : [] };
      expect(report).toEqual({ seed, broken: [], history: [] });
      terms += world.terms;
    }
    expect(terms).toBeGreaterThan(200);
  });

  it('may lead two at a time where a clock is worse than allowed, which this would notice', () => {
    const broken = Array.from({ length: 10 }, (_, seed) => new World(seed, [0.5, 1.5]).live().broken).flat();
    expect(broken.filter((what) => what.endsWith('(G1)'))).not.toEqual([]);
  });
});
