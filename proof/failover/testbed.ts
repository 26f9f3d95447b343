import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf } from '../../lib/redis/keys.js';
import { type ProxyTarget, startProxy, type TcpProxy } from '../../scripts/support/proxy.js';
import { type Client, type RedisOptions, type RedisServer, startRedis } from '../../scripts/support/redis.js';
import { until } from '../../scripts/support/until.js';
import { Candidate, type CandidateOptions, monotonic } from '../candidate.js';
import type { Log } from '../checker.js';

/** The times of the election, ms. What is not said is the library's default. */
export const TIMES = { ttl: 2_000 } as const;

export const KEY = 'failover';

/**
 * How long to watch after the fault at least, and how long one must lead alone at the end, in
 * ttls; and the limit in ms.
 */
const WATCH = { least: 3, calm: 1.5, most: 60_000 } as const;

/**
 * ms for which a claim counts. A candidate that stops leading reports it at once, so this covers a
 * slow machine.
 */
const FRESH = 500;

/** ms for a process to start and connect, on a machine that has much else to do. */
const PATIENCE = 20_000;

/** ms that whatever is put away may take. */
const DISPOSE_WITHIN = 15_000;

/** How a candidate gets at the servers. */
export type Reach = Pick<CandidateOptions, 'url' | 'others' | 'topology' | 'library' | 'failoverDetector'>;

/** What candidates ask for that is not the default. */
export type Settings = Pick<CandidateOptions, 'replicated'> & { readonly ttl?: number };

/** The servers and candidates of one repetition; all gone at the end, also of a failure. */
export class Testbed implements AsyncDisposable {
  readonly keys = keysOf(KEY);
  readonly #programs: string;
  readonly #resources: AsyncDisposable[] = [];
  readonly #starting = new Set<Promise<unknown>>();
  readonly #candidates: Candidate[] = [];
  #settings: Settings & { readonly ttl: number } = TIMES;
  #isOver = false;

  constructor(programs: string) {
    this.#programs = programs;
  }

  get logs(): Log[] {
    return this.#candidates.map(({ log }) => log);
  }

  /** Takes care of a thing that is being made, also where the end comes before it is there. */
  async use<Thing extends AsyncDisposable>(make: () => Promise<Thing>): Promise<Thing> {
    if (this.#isOver) throw new Error('this testbed is over');
    const kept = make().then((thing) => {
      this.#resources.push(thing);
      return thing;
    });
    this.#starting.add(kept);
    return kept.finally(() => this.#starting.delete(kept));
  }

  /** A server, and a connection to it that no fault touches. */
  async server(options: RedisOptions = {}): Promise<{ readonly server: RedisServer; readonly admin: Client }> {
    const server = await this.use(() => startRedis(options));
    return { server, admin: await server.client({ socket: { reconnectStrategy: 50 } }) };
  }

  proxy(target: ProxyTarget): Promise<TcpProxy> {
    return this.use(() => startProxy({ target }));
  }

  async folder(): Promise<string> {
    const { name } = await this.use(async () => {
      const name = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
      return { name, [Symbol.asyncDispose]: () => rm(name, { recursive: true, force: true, maxRetries: 5 }) };
    });
    return name;
  }

  /** Three candidates: the first leads, the others follow. */
  async startCandidates(leader: Reach, followers: Reach = leader, terms: Settings = {}): Promise<void> {
    this.#settings = { ...TIMES, ...terms };
    const first = await this.#candidate('a', leader);
    await first.says({ role: 'leader' });
    const rest = await Promise.all(['b', 'c'].map((name) => this.#candidate(name, followers)));
    await Promise.all(rest.map((one) => one.says({ role: 'follower', reason: 'standby' })));
  }

  /** Kills the leader, too. */
  async killLeader(): Promise<void> {
    await Promise.all(this.#leaders.map((one) => one.kill()));
  }

  /** Lets the leader renew for `ms`; at the end it may be at any point between two renewals. */
  async letRenew(ms: number): Promise<void> {
    await sleep(ms + (Math.random() * this.#settings.ttl) / 3);
  }

  /** Resolves when one candidate has led alone for long enough after the fault at `faultAt`. */
  async expectOneLeader(faultAt: number): Promise<void> {
    const { ttl } = this.#settings;
    let calm = monotonic();
    const settled = () => {
      const now = monotonic();
      if (this.#leaders.length !== 1) calm = now;
      return now - faultAt >= WATCH.least * ttl && now - calm >= WATCH.calm * ttl;
    };
    await until(settled, { within: WATCH.most, what: 'one to lead alone' }).catch(() => {
      throw new Error(`${this.#leaders.length} lead ${WATCH.most / 1_000} s after: ${this.#roles()}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await inTime(Promise.allSettled(this.#starting));
    // The last first: processes before the proxies and the servers they talk to.
    for (const thing of this.#resources.splice(0).reverse()) {
      await inTime(thing[Symbol.asyncDispose]());
    }
  }

  get #leaders(): Candidate[] {
    return this.#candidates.filter((one) => one.claims(FRESH));
  }

  async #candidate(name: string, reach: Reach): Promise<Candidate> {
    const options = { ...this.#settings, key: KEY, ...reach, name };
    const candidate = await this.use(async () => new Candidate(this.#programs, options));
    this.#candidates.push(candidate);
    await candidate.notes('ready', PATIENCE);
    return candidate;
  }

  #roles(): string {
    return this.#candidates
      .map(({ name, roles }) => {
        const { role = 'nothing', reason = '', code = '' } = roles.at(-1) ?? {};
        return `${name} says ${[role, reason, code].filter(Boolean).join(' ')}`;
      })
      .join(', ');
  }
}

/** Waits a limited time for a resource to be disposed. What remains ends with this process. */
async function inTime(parting: PromiseLike<unknown>): Promise<void> {
  const done = new AbortController();
  const late = sleep(DISPOSE_WITHIN, undefined, { signal: done.signal }).catch(() => {});
  await Promise.race([Promise.resolve(parting).catch(() => {}), late]);
  done.abort();
}
