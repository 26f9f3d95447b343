import type { ElectionOptions, LeaseStore } from 'rx-leader';
import { defer, from, NEVER, Observable, type ObservableInput, VirtualTimeScheduler } from 'rxjs';
import type { Line, Log } from '../../proof/checker.js';
import { type Library, load } from '../../proof/library.js';
import type { Variant } from '../../proof/mutant.js';

type Extra = Partial<ElectionOptions> & {
  /** How fast its clocks run. */
  readonly rate?: number;
  /** Whether it receives notices. */
  readonly hears?: boolean;
  /** ms by which its uptime steps. */
  readonly uptimeStep?: number;
};

/**
 * Simulates what a machine cannot do to itself, in steps of 1 ms: suspension, drifting clocks, and
 * a server clock that is set.
 */
export class World {
  /** True time in ms, which no candidate can read. */
  now = 0;
  /** How fast the store's clock runs. */
  storeRate = 1;
  readonly #library: Library;
  readonly store: InstanceType<Library['MemoryLeaseStore']>;
  readonly #candidates: Simulated[] = [];

  constructor(variant: Variant) {
    this.#library = load(variant);
    this.store = new this.#library.MemoryLeaseStore({ clock: { now: () => this.now * this.storeRate } });
  }

  candidate(name: string, options: Extra = {}): Simulated {
    const candidate = new Simulated(this, this.#library, name, options);
    this.#candidates.push(candidate);
    return candidate;
  }

  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 1;
      for (const candidate of this.#candidates) candidate.tick();
    }
  }

  /** Runs until `condition`, for at most `within` ms. Returns how long that took. */
  until(condition: () => boolean, within: number): number {
    const start = this.now;
    while (!condition() && this.now - start < within) this.run(1);
    return this.now - start;
  }

  get logs(): Log[] {
    return this.#candidates.map(({ log }) => log);
  }
}

/** A candidate with its own clocks and timers. */
export class Simulated {
  /** Whether its requests are neither executed nor answered. */
  cut = false;
  /** Number of its requests. */
  requests = 0;
  /** ms by which its uptime reads wrong. */
  uptimeError = 0;
  /** ms by which its wall clock was set. */
  wallStep = 0;
  readonly election: ReturnType<Library['elect']>;
  readonly #world: World;
  readonly #name: string;
  readonly #rate: number;
  readonly #timers = new VirtualTimeScheduler();
  readonly #lines: Line[] = [];
  readonly #stops: Array<{ from: number; to: number }> = [];
  /** What has arrived since it last ran. */
  #mail: Array<() => void> = [];
  #asleep: 'suspended' | 'frozen' | undefined;
  #monotonic = 0;
  #uptime = 0;
  #running = true;

  constructor(
    world: World,
    { elect, monotonicClock }: Library,
    name: string,
    { rate = 1, hears = false, uptimeStep = 1, ...options }: Extra,
  ) {
    this.#world = world;
    this.#name = name;
    this.#rate = rate;
    this.#timers.maxFrames = 0;
    const readings = {
      monotonic: () => this.#monotonic,
      wall: () => this.#uptime + this.wallStep,
      uptime: () => Math.floor((this.#uptime + this.uptimeError) / uptimeStep) * uptimeStep,
      resolution: 10,
      reuseFor: 10,
    };
    this.election = elect({
      key: 'k',
      name,
      ...options,
      redis: undefined,
      store: this.#linked(world.store, hears),
      scheduler: this.#timers,
      clock: monotonicClock(readings),
    });
  }

  get log(): Log {
    return { who: this.#name, lines: this.#lines, stops: this.#stops };
  }

  stand(): this {
    this.election.subscribe({
      next: (transition) => {
        const { role } = transition;
        const token = role === 'leader' ? { token: transition.term.token } : {};
        this.#lines.push({ kind: 'role', at: this.#world.now, role, ...token });
      },
    });
    return this;
  }

  /** Stops the process and its monotonic clock; `frozen` stops all its clocks. */
  sleep(how: 'suspended' | 'frozen'): void {
    this.#asleep = how;
    this.#stops.push({ from: this.#world.now, to: Number.POSITIVE_INFINITY });
  }

  wake(): void {
    this.#asleep = undefined;
    const stop = this.#stops.at(-1);
    if (stop) stop.to = this.#world.now;
  }

  /** Stops the process permanently. */
  crash(): void {
    this.#running = false;
  }

  tick(): void {
    if (!this.#running) return;
    if (this.#asleep !== 'frozen') this.#uptime += this.#rate;
    if (this.#asleep) return;
    this.#monotonic += this.#rate;
    // Like any user's timer, the sampler may run before the library's own.
    this.#sample();
    for (const open of this.#mail.splice(0)) open();
    this.#timers.maxFrames = this.#monotonic;
    this.#timers.flush();
    this.#timers.frame = this.#monotonic;
    this.#sample();
  }

  #sample(): void {
    const { now } = this.#world;
    const token = this.election.term?.token;
    if (!this.election.isLeading) return;
    this.#lines.push({ kind: 'claim', from: now, to: now, by: 'isLeading', ...(token !== undefined && { token }) });
  }

  /** The store as this candidate reaches it. */
  #linked(store: LeaseStore, hears: boolean): LeaseStore {
    const call = <Reply>(ask: () => ObservableInput<Reply>) =>
      defer(() => {
        this.requests += 1;
        return this.cut ? NEVER : ask();
      });
    return {
      acquire: (request) => call(() => store.acquire(request)),
      renew: (request) => call(() => store.renew(request)),
      release: (request) => call(() => store.release(request)),
      read: (request) => call(() => store.read(request)),
      ...(hears && { notices: (key) => this.#delivered(store.notices?.(key) ?? NEVER) }),
    };
  }

  /** What `source` emits, delivered as soon as this candidate runs. */
  #delivered<T>(source: ObservableInput<T>): Observable<T> {
    return new Observable((subscriber) => {
      return from(source).subscribe((value) => this.#mail.push(() => subscriber.next(value)));
    });
  }
}
