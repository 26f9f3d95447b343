import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Keys, keysOf } from '../../lib/redis/keys.js';
import { Candidate, type CandidateOptions, monotonic } from '../../proof/candidate.js';
import { violations } from '../../proof/checker.js';
import { OURS, type Variant } from '../../proof/mutant.js';
import { prepare } from '../../proof/prepare.js';
import { KNOWS_LOGIN, LOGIN } from '../../proof/processes/leaks.js';
import { TIMES as USUAL } from '../../proof/times.js';
import { PACE } from '../support/pace.js';
import { type ProxyTarget, startProxy, type TcpProxy } from '../support/proxy.js';
import { type Client, type RedisOptions, type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

/** The times of the candidates, longer on a slow machine. */
export const TIMES = {
  ttl: PACE * USUAL.ttl,
  wait: PACE * USUAL.wait,
  jitter: PACE * USUAL.jitter,
  renewEvery: PACE * USUAL.renewEvery,
  timeout: PACE * USUAL.timeout,
} as const;

/** ms within which a candidate leads once a fault is healed. */
export const RECOVERY = TIMES.ttl + TIMES.jitter + 2 * TIMES.timeout;

/**
 * ms within which a candidate leads after the leader has closed. With notices, it would take round
 * trips.
 */
export const HAND_OVER = TIMES.wait + TIMES.jitter + 2 * TIMES.timeout;

/**
 * ms to wait for an unexpected event before it counts as absent: a lease, and what is due at its
 * end.
 */
export const WATCH = 1.5 * TIMES.ttl;

type Extra = Partial<CandidateOptions> & {
  /** The address to connect to instead of the arena's own server. */
  to?: { url: string };
};

/**
 * The setup for one fault: a Redis, candidates as processes, and proxies between them. Everything
 * ends with the spec, even a failed one.
 */
export class Arena implements AsyncDisposable {
  readonly key: string;
  readonly variant: Variant;
  readonly #name: string;
  readonly #things: AsyncDisposable[] = [];
  readonly #candidates: Candidate[] = [];
  #redis: RedisServer | undefined;
  #admin: Client | undefined;

  private constructor(name: string, variant: Variant) {
    this.#name = name;
    this.variant = variant;
    this.key = `faults.${createHash('sha1').update(name).digest('hex').slice(0, 8)}`;
  }

  static async open(name: string, variant: Variant = OURS, options: RedisOptions = {}): Promise<Arena> {
    const arena = new Arena(name, variant);
    try {
      arena.#redis = await arena.server(options);
      arena.#admin = await arena.redis.client();
      await arena.loadScripts();
      return arena;
    } catch (error) {
      await arena[Symbol.asyncDispose]();
      throw error;
    }
  }

  get redis(): RedisServer {
    return this.#redis as RedisServer;
  }

  /** A connection to the arena's server that no fault affects. */
  get admin(): Client {
    return this.#admin as Client;
  }

  get keys(): Keys {
    return keysOf(this.key);
  }

  async server(options: RedisOptions = {}): Promise<RedisServer> {
    return this.#use(await startRedis({ ...options, args: [...KNOWS_LOGIN, ...(options.args ?? [])] }));
  }

  /** A folder for a server that restarts with its data. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
    this.#use({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) });
    return folder;
  }

  async proxy(target: ProxyTarget = this.redis): Promise<TcpProxy> {
    return this.#use(await startProxy({ target }));
  }

  /** A candidate that is connected and stands. */
  async candidate(name: string, { to = this.redis, ...options }: Extra = {}): Promise<Candidate> {
    const candidate = new Candidate(prepare(this.variant).programs, {
      ...TIMES,
      key: this.key,
      url: to.url,
      // Its errors must not show that password; the candidate checks them itself.
      ...(!to.url.includes('@') && LOGIN),
      ...options,
      name,
    });
    this.#candidates.push(candidate);
    this.#use(candidate);
    await candidate.notes('ready', 60_000);
    return candidate;
  }

  /** A leader, and a candidate that follows it. */
  async pair(leader: Extra = {}, follower: Extra = {}): Promise<[Candidate, Candidate]> {
    const a = await this.candidate('a', leader);
    await a.says({ role: 'leader' });
    const b = await this.candidate('b', follower);
    await b.says({ role: 'follower', reason: 'standby' });
    return [a, b];
  }

  /** Loads the scripts, as on a server that has served candidates before. */
  async loadScripts(client: Client = this.admin): Promise<void> {
    for (const source of prepare(this.variant).sources) await client.scriptLoad(source);
  }

  /** The holder of the lease, read from the server. Waits until there is one. */
  async granted(): Promise<string> {
    return until(() => this.admin.get(this.keys.lease), { what: 'a lease to be granted' });
  }

  /** Resolves when the leader has just renewed its lease. */
  async renewed(): Promise<void> {
    const before = await this.admin.hGet(this.keys.record, 'until');
    const changed = async () => (await this.admin.hGet(this.keys.record, 'until')) !== before;
    await until(changed, { what: 'the lease to be renewed' });
  }

  /** Fails if `id` holds the lease. */
  async absent(id: string): Promise<void> {
    if ((await this.admin.get(this.keys.lease)) === id) throw new Error(`still there: the lease of ${id}`);
  }

  /** Fails unless `id` holds the lease. */
  async holds(id: string): Promise<void> {
    const holder = await this.admin.get(this.keys.lease);
    if (holder !== id) throw new Error(`the lease is that of ${holder}, not of ${id}`);
  }

  /** How often the server has executed `command`, in scripts too. */
  async calls(command: string): Promise<number> {
    const [, calls = '0'] =
      new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await this.admin.info('commandstats')) ?? [];
    return Number(calls);
  }

  /** How often the server has replied with an error that starts with `prefix`. */
  async refusals(prefix: string): Promise<number> {
    const [, count = '0'] =
      new RegExp(`errorstat_${prefix}:count=(\\d+)`).exec(await this.admin.info('errorstats')) ?? [];
    return Number(count);
  }

  /** The faults in everything logged so far: more than one leader, or an unhandled error. */
  wrongs(): string[] {
    const logs = this.#candidates.map(({ log }) => log);
    const stray = logs.flatMap(({ who, lines }) =>
      lines.flatMap((line) => (line.kind === 'note' && line.note === 'stray' ? [`stray: ${who}: ${line.text}`] : [])),
    );
    return [...violations(logs).map(({ rule, text }) => `${rule}: ${text}`), ...stray];
  }

  /**
   * Fails unless `taken` ms is within `bound`. Writes the value to the report, if one is requested.
   */
  within(what: string, taken: number, bound: number): void {
    const file = process.env.FAULTS_REPORT;
    const { name } = this.variant;
    if (file) appendFileSync(file, `${JSON.stringify({ spec: this.#name, library: name, what, taken, bound })}\n`);
    if (taken > bound) throw new Error(`too late: ${what} after ${taken.toFixed(0)} ms, not ${bound.toFixed(0)}`);
  }

  /**
   * Fails unless one of these candidates leads within `bound` ms of `since`, whether it led before
   * or not.
   */
  async recovers(since: number, candidates: readonly Candidate[], bound: number = RECOVERY): Promise<Candidate> {
    const first = (candidate: Candidate) =>
      candidate.log.lines.find((line) => line.kind === 'claim' && line.by === 'isLeading' && line.from >= since);
    const end = since + bound + TIMES.ttl;
    for (;;) {
      const leader = candidates.find(first);
      const claim = leader && first(leader);
      if (leader && claim?.kind === 'claim') {
        this.within('next leader', claim.from - since, bound);
        return leader;
      }
      if (monotonic() > end) throw new Error(`too late: no leader within ${bound.toFixed(0)} ms of healing`);
      await pause(5);
    }
  }

  /** Fails if one of these candidates changes its role before `work` is done. */
  async steady(candidates: readonly Candidate[], work: () => Promise<unknown>): Promise<void> {
    const before = candidates.map(({ roles }) => roles.length);
    await work();
    for (const [i, { name, roles }] of candidates.entries()) {
      const news = roles
        .slice(before[i])
        .map(({ role, reason, code, message = '' }) => `${role}/${reason ?? code ?? ''} ${message}`.trim());
      if (news.length > 0) throw new Error(`not steady: ${name} says ${news.join(', ')}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In reverse order: processes before the proxies and the servers that they use.
    for (const thing of this.#things.splice(0).reverse()) await thing[Symbol.asyncDispose]();
  }

  #use<Thing extends AsyncDisposable>(thing: Thing): Thing {
    this.#things.push(thing);
    return thing;
  }
}

/** Lets time pass where the time itself matters. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
