import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf } from '../../lib/store/redis/keys.js';
import { type ProxyTarget, startProxy, type TcpProxy } from '../../scripts/support/proxy.js';
import { type Client, type RedisOptions, type RedisServer, startRedis } from '../../scripts/support/redis.js';
import { until } from '../../scripts/support/until.js';
import { Candidate, type CandidateOptions, monotonic } from '../candidate.js';
import type { Log } from '../checker.js';
import type { Build } from '../mutant.js';

/** The times of the election, ms. What is not said is the library's default. */
export const TIMES = { ttl: 2_000 } as const;

export const KEY = 'failover';

/** ms after the fault for which is watched at least, and for which one must have led alone at the end. */
const WATCH = { least: 3 * TIMES.ttl, calm: 1.5 * TIMES.ttl, most: 60_000 } as const;

/** ms for a process to start and connect, on a machine that has much else to do. */
const PATIENCE = 20_000;

/** ms that whatever is disposed of may take. */
const PARTING = 15_000;

/** How a candidate gets at the servers. */
export type Reach = Pick<CandidateOptions, 'url' | 'others' | 'topology' | 'library' | 'failoverDetector'>;

/** The servers and candidates of one repetition; all gone at the end, also of a failure. */
export class World implements AsyncDisposable {
  readonly keys = keysOf(KEY);
  readonly #library: Build;
  readonly #things: AsyncDisposable[] = [];
  readonly #candidates: Candidate[] = [];
  #over = false;

  constructor(library: Build) {
    this.#library = library;
  }

  get logs(): Log[] {
    return this.#candidates.map(({ log }) => log);
  }

  /** Takes care of a thing that is being made; of one that comes too late at once. */
  async use<Thing extends AsyncDisposable>(making: Promise<Thing>): Promise<Thing> {
    const thing = await making;
    this.#things.push(thing);
    if (this.#over) await this[Symbol.asyncDispose]();
    return thing;
  }

  /** A server, and a connection to it that no fault touches. */
  async server(options: RedisOptions = {}): Promise<{ readonly server: RedisServer; readonly admin: Client }> {
    const server = await this.use(startRedis(options));
    return { server, admin: await server.client({ socket: { reconnectStrategy: 50 } }) };
  }

  proxy(target: ProxyTarget): Promise<TcpProxy> {
    return this.use(startProxy({ target }));
  }

  async folder(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
    await this.use(
      Promise.resolve({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) }),
    );
    return folder;
  }

  /** Three candidates: the first leads, the others follow. */
  async stand(leader: Reach, followers: Reach = leader, options: Partial<CandidateOptions> = {}): Promise<void> {
    const first = await this.#candidate('a', leader, options);
    await first.says({ role: 'leader' });
    const rest = await Promise.all(['b', 'c'].map((name) => this.#candidate(name, followers, options)));
    await Promise.all(rest.map((one) => one.says({ role: 'follower', reason: 'standby' })));
  }

  /** Who leads is killed, too. */
  async killLeader(): Promise<void> {
    await Promise.all(this.#leaders.map((one) => one.kill()));
  }

  /** Lets the leader renew for `ms`; at the end it may be at any point between two renewals. */
  async goesOn(ms: number): Promise<void> {
    await sleep(ms + (Math.random() * TIMES.ttl) / 3);
  }

  /** Resolves once it has been seen for long enough that one alone leads, after what struck at `struck`. */
  async settles(struck: number): Promise<void> {
    let calm = monotonic();
    const settled = () => {
      const now = monotonic();
      if (this.#leaders.length !== 1) calm = now;
      return now - struck >= WATCH.least && now - calm >= WATCH.calm;
    };
    await until(settled, { within: WATCH.most, what: 'one to lead alone' }).catch(() => {
      throw new Error(`${this.#leaders.length} lead ${WATCH.most / 1_000} s after: ${this.#said()}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    // The last first: processes before the proxies and the servers they talk to.
    for (const thing of this.#things.splice(0).reverse()) {
      const gone = Promise.resolve(thing[Symbol.asyncDispose]()).catch(() => {});
      await Promise.race([gone, sleep(PARTING, undefined, { ref: false })]);
    }
  }

  get #leaders(): Candidate[] {
    return this.#candidates.filter(({ claims }) => claims);
  }

  async #candidate(name: string, reach: Reach, options: Partial<CandidateOptions>): Promise<Candidate> {
    const made = new Candidate(this.#library, { ...TIMES, key: KEY, ...options, ...reach, name });
    const candidate = await this.use(Promise.resolve(made));
    this.#candidates.push(candidate);
    await candidate.notes('ready', PATIENCE);
    return candidate;
  }

  #said(): string {
    return this.#candidates
      .map(({ name, roles }) => {
        const { role = 'nothing', reason = '', code = '' } = roles.at(-1) ?? {};
        return `${name} says ${[role, reason, code].filter(Boolean).join(' ')}`;
      })
      .join(', ');
  }
}
