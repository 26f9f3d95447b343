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

/** How long is watched after the fault at least, and for how long one must have led alone at the end, in ttls; and at most, in ms. */
const WATCH = { least: 3, calm: 1.5, most: 60_000 } as const;

/** ms for which a claim counts: who leads no more says so at once, so that this is for a machine that is late. */
const FRESH = 500;

/** ms for a process to start and connect, on a machine that has much else to do. */
const PATIENCE = 20_000;

/** ms that whatever is put away may take. */
const PARTING = 15_000;

/** How a candidate gets at the servers. */
export type Reach = Pick<CandidateOptions, 'url' | 'others' | 'topology' | 'library' | 'failoverDetector'>;

/** What candidates ask for that is not the default. */
export type Terms = Pick<CandidateOptions, 'replicated'> & { readonly ttl?: number };

/** The servers and candidates of one repetition; all gone at the end, also of a failure. */
export class World implements AsyncDisposable {
  readonly keys = keysOf(KEY);
  readonly #programs: string;
  readonly #things: AsyncDisposable[] = [];
  readonly #making = new Set<Promise<unknown>>();
  readonly #candidates: Candidate[] = [];
  #terms: Terms & { readonly ttl: number } = TIMES;
  #over = false;

  constructor(programs: string) {
    this.#programs = programs;
  }

  get logs(): Log[] {
    return this.#candidates.map(({ log }) => log);
  }

  /** Takes care of a thing that is being made, also where the end comes before it is there. */
  async use<Thing extends AsyncDisposable>(make: () => Promise<Thing>): Promise<Thing> {
    if (this.#over) throw new Error('this world is over');
    const kept = make().then((thing) => {
      this.#things.push(thing);
      return thing;
    });
    this.#making.add(kept);
    return kept.finally(() => this.#making.delete(kept));
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
  async stand(leader: Reach, followers: Reach = leader, terms: Terms = {}): Promise<void> {
    this.#terms = { ...TIMES, ...terms };
    const first = await this.#candidate('a', leader);
    await first.says({ role: 'leader' });
    const rest = await Promise.all(['b', 'c'].map((name) => this.#candidate(name, followers)));
    await Promise.all(rest.map((one) => one.says({ role: 'follower', reason: 'standby' })));
  }

  /** Who leads is killed, too. */
  async killLeader(): Promise<void> {
    await Promise.all(this.#leaders.map((one) => one.kill()));
  }

  /** Lets the leader renew for `ms`; at the end it may be at any point between two renewals. */
  async goesOn(ms: number): Promise<void> {
    await sleep(ms + (Math.random() * this.#terms.ttl) / 3);
  }

  /** Resolves once it has been seen for long enough that one alone leads, after what struck at `struck`. */
  async settles(struck: number): Promise<void> {
    const { ttl } = this.#terms;
    let calm = monotonic();
    const settled = () => {
      const now = monotonic();
      if (this.#leaders.length !== 1) calm = now;
      return now - struck >= WATCH.least * ttl && now - calm >= WATCH.calm * ttl;
    };
    await until(settled, { within: WATCH.most, what: 'one to lead alone' }).catch(() => {
      throw new Error(`${this.#leaders.length} lead ${WATCH.most / 1_000} s after: ${this.#said()}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await inTime(Promise.allSettled(this.#making));
    // The last first: processes before the proxies and the servers they talk to.
    for (const thing of this.#things.splice(0).reverse()) {
      await inTime(thing[Symbol.asyncDispose]());
    }
  }

  get #leaders(): Candidate[] {
    return this.#candidates.filter((one) => one.claims(FRESH));
  }

  async #candidate(name: string, reach: Reach): Promise<Candidate> {
    const options = { ...this.#terms, key: KEY, ...reach, name };
    const candidate = await this.use(async () => new Candidate(this.#programs, options));
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

/** Waits for what is put away, and not for ever: whatever is still there then ends with this process. */
async function inTime(parting: PromiseLike<unknown>): Promise<void> {
  const done = new AbortController();
  const late = sleep(PARTING, undefined, { signal: done.signal }).catch(() => {});
  await Promise.race([Promise.resolve(parting).catch(() => {}), late]);
  done.abort();
}
