import { hostname } from 'node:os';
import { asapScheduler, asyncScheduler, type SchedulerLike, VirtualTimeScheduler } from 'rxjs';
import { backoff, LONGEST_TIMER, lifetime, type Settings } from './core/settings.js';
import { invalidOption } from './errors.js';
import { randomId } from './random-id.js';
import type { ColdStart, LeaseStore } from './store/lease-store.js';
import { isRedisClient, portOf, type RedisClient } from './store/redis/client.js';
import { preflightOf } from './store/redis/preflight.js';
import { replicatedStore } from './store/redis/replicas.js';
import { redisStore } from './store/redis/store.js';
import type { Replicas } from './store/redis/witness.js';
import type { Environment } from './stream/candidacy.js';
import { type Clock, systemClock } from './stream/clock.js';
import { forElection } from './stream/request.js';

/** Where the leases are: exactly one of `redis` and `store`. */
export type StoreOptions = (
  | {
      /**
       * A connected client, made by node-redis (v5 or v6: `createClient`, `createClientPool`, `createCluster`, `createSentinel`) or ioredis
       * (v5 or v6: `Redis`, `Cluster`). It stays the caller's: the library never closes it. One of a cluster must have no `keyPrefix`.
       */
      readonly redis: RedisClient;
      readonly store?: undefined;
    }
  | {
      /** Any {@link LeaseStore}. */
      readonly store: LeaseStore;
      readonly redis?: undefined;
    }
) & {
  /**
   * A client whose duplicate listens for notices, where one of `redis` cannot or should not: with a user of its own, say. It is of the same server
   * or cluster, stays the caller's as well, and is itself not used. Needs `redis`. Default: `redis`.
   */
  readonly subscriber?: RedisClient | undefined;
};

/** Which replicas of Redis a candidate waits for, and how long. */
export interface ReplicaOptions {
  /** How many replicas must have the lease: a whole number, at least 1. */
  readonly count: number;
  /**
   * ms that Redis's `WAIT` may take, as part of a request: at least 1, and less than the `timeout` of a request, which bounds both. Redis may answer
   * 100 ms later than that. Default: half of the `timeout` of a request.
   */
  readonly timeout?: number | undefined;
}

/** What {@link elect} takes. All times are whole ms, from 1 to 2³¹ − 1 unless said otherwise; defaults are floored. */
export type ElectionOptions = StoreOptions & {
  /** Names the election: the same for every candidate. Any non-empty string. */
  readonly key: string;
  /**
   * How long the store keeps a lease that is not renewed: what a crash of the leader costs, at most. At least 100, and the same for
   * every candidate. Default: 10 000.
   */
  readonly ttl?: number | undefined;
  /**
   * The longest time between two attempts of a follower while nothing is told to it: no notices, an error, a holder that publishes none. With notices
   * it asks when the lease that it knows of runs out. May exceed `ttl`. Default: `ttl / 2`.
   */
  readonly wait?: number | undefined;
  /**
   * The most random delay added to each scheduled attempt, so that followers do not all ask at once; renewals are made earlier by
   * it, never later. From 0. Default: `ttl / 50`.
   */
  readonly jitter?: number | undefined;
  /**
   * Time between renewals. It leaves room to repeat one that fails: `renewEvery` and three times one and a quarter `timeout` must fit into the time for
   * which a lease is certain, some 0.93 `ttl`. Default: `ttl / 3`.
   */
  readonly renewEvery?: number | undefined;
  /** How long one request to the store may take before it counts as failed. Default: `ttl / 10`. */
  readonly timeout?: number | undefined;
  /** How long a voluntary exit waits for the work given to `term.waitUntil` before it releases anyway. Default: `ttl`. */
  readonly drain?: number | undefined;
  /**
   * Label of this candidate, for people to read. Two candidates may share one: ids add 128 random bits. Default:
   * `hostname:pid`.
   */
  readonly name?: string | undefined;
  /** What followers may need of the leader, such as its URL. Default: none. */
  readonly data?: string | undefined;
  /** Aborting it is `close()`. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What a store without any record of this election means: `'elect'`, a new election, led by the first to ask; or `'wait'`, one that
   * may just have lost its data under a leader, so that its lease is waited out for one `ttl`. A candidate that has heard of a term before takes it for
   * that whatever is said here. Default: `'elect'`.
   */
  readonly coldStart?: ColdStart | undefined;
  /**
   * Lead only while the lease is on `count` replicas as well, as far as Redis's `WAIT` knows, so that a failover to one of them keeps it. A grant
   * that fewer have in time is given back, a renewal that fewer have extends nothing; both fail with `STORE_UNAVAILABLE`. Costs a round trip, and
   * a connection of its own to wait by. Needs `redis`, and a client that can be duplicated. Default: no replica is waited for.
   */
  readonly replicas?: ReplicaOptions | undefined;
  /**
   * Whether to look, once for each client of `redis`, for what will bite (a Redis that evicts, a replica, a `ttl` too short for the
   * distance), and for leases of candidates with another `ttl`, and to warn of it by `process.emitWarning`, with type `RxLeaderWarning` and a code.
   * Default: `true`.
   */
  readonly preflight?: boolean | undefined;
  /** The clock leases are measured by. Default: monotonic and counting suspended time; `scheduler` where that is a virtual one. */
  readonly clock?: Clock | undefined;
  /** Runs every timer. Default: RxJS's `asyncScheduler`. Under a `TestScheduler` the whole election runs in virtual time. */
  readonly scheduler?: SchedulerLike | undefined;
};

/** Validates once and for all, and fills in the defaults. Throws an `ElectionError` with code `INVALID_OPTION`. */
export function environment(options: ElectionOptions): Environment {
  requireObject(options);
  refuseUnknown(options, OPTIONS);
  const settings = validate(options);
  const { scheduler = asyncScheduler } = options;
  requireMethod('scheduler', scheduler, 'schedule', 'an RxJS scheduler');
  const { clock = scheduler instanceof VirtualTimeScheduler ? scheduler : systemClock() } = options;
  requireMethod('clock', clock, 'now', 'a clock with a method now()');
  if (options.signal !== undefined) requireSignal(options.signal);
  const store = leaseStore(options, validReplicas(options.replicas, settings.timeout));
  return {
    store: forElection(store),
    timersOf: store,
    settings,
    clock: clock instanceof VirtualTimeScheduler ? { now: () => clock.now(), wall: () => clock.now() } : clock,
    scheduler,
    // What must come right after the call stack: a microtask, unless time is in other hands altogether.
    soon: options.scheduler ?? asapScheduler,
    random: Math.random,
    nextId,
    ...(options.redis && options.preflight !== false && { preflight: preflightOf(options.redis) }),
  };
}

/** Refuses what is no object at all, before any field of it is looked for. */
export function requireObject(
  options: unknown,
  what = 'an object with at least a key and a redis client or store',
): void {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', `must be ${what}`, options);
  if (isRedisClient(options))
    throw invalidOption('options', 'must be an object that has the client, as { redis, key }', options);
}

/** The names of options, all of them. */
export type Names<Options> = Readonly<Record<keyof Options, true>>;

/** Of those of `elect`. */
export const OPTIONS: Names<ElectionOptions> = {
  redis: true,
  subscriber: true,
  store: true,
  key: true,
  ttl: true,
  wait: true,
  jitter: true,
  renewEvery: true,
  timeout: true,
  drain: true,
  name: true,
  data: true,
  signal: true,
  coldStart: true,
  replicas: true,
  preflight: true,
  clock: true,
  scheduler: true,
};

/** Refuses what would otherwise be overlooked, and its default taken. */
export function refuseUnknown(options: object, names: Names<object>): void {
  const known = Object.keys(names);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    const meant = known.find((one) => one.toLowerCase() === name.toLowerCase());
    throw invalidOption(name, `there is no such option${meant ? `; "${meant}" is meant, maybe` : ''}`, value);
  }
}

/** The store that `redis` or `store` means, and `subscriber`, and `replicas`. */
export function leaseStore({ redis, store, subscriber }: StoreOptions, replicas?: Replicas): LeaseStore {
  if (redis !== undefined && store !== undefined) {
    throw invalidOption('store', 'give either redis or store, not both', store);
  }
  if (isRedisClient(store)) throw invalidOption('store', 'must be a LeaseStore; a client is given as redis', store);
  if (store !== undefined) {
    for (const verb of ['acquire', 'renew', 'release', 'read']) requireMethod('store', store, verb, 'a LeaseStore');
    if (subscriber !== undefined)
      throw invalidOption('subscriber', 'needs redis: a store tells of notices by itself', subscriber);
    if (replicas)
      throw invalidOption('replicas', 'needs redis: what a store has, or a quorum, is not waited for', replicas);
    return store;
  }
  if (isRedisClient(redis)) return storeOf('redis', redis, { replicas, subscriber });
  throw invalidOption(
    'redis',
    'must be a client as node-redis or ioredis makes; a LeaseStore is given as store',
    redis,
  );
}

interface ByClient {
  readonly replicas?: Replicas | undefined;
  readonly subscriber?: RedisClient | undefined;
}

/** The store by a client, which is what `option` was given. */
export function storeOf(option: string, redis: RedisClient, { replicas, subscriber }: ByClient = {}): LeaseStore {
  const { serves, prefix, wires } = portOf(redis);
  if (serves === 'slots' && prefix !== '') {
    throw invalidOption(
      option,
      'must have no keyPrefix where it is a client of a cluster, since that puts the keys of one election into different slots',
      prefix,
    );
  }
  if (subscriber !== undefined) requireListener(subscriber);
  const store = redisStore(redis, subscriber);
  if (!replicas) return store;
  if (wires) return replicatedStore(store, wires, replicas, prefix);
  throw invalidOption('replicas', 'needs a client that can be duplicated, for a connection to wait by', replicas);
}

function requireListener(subscriber: unknown): void {
  if (isRedisClient(subscriber) && portOf(subscriber).openLink) return;
  throw invalidOption(
    'subscriber',
    'must be a client as node-redis or ioredis makes, which can be duplicated',
    subscriber,
  );
}

function validReplicas(replicas: unknown, timeout: number): Replicas | undefined {
  if (replicas === undefined) return undefined;
  if (typeof replicas !== 'object' || replicas === null || Array.isArray(replicas)) {
    throw invalidOption('replicas', 'must be an object with a count, and maybe a timeout', replicas);
  }
  const { count, timeout: given, ...others } = replicas as { [name in string]?: unknown };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalidOption(`replicas.${unknown}`, 'must not be given: there are only count and timeout', others[unknown]);
  if (!Number.isSafeInteger(count) || (count as number) < 1) {
    throw invalidOption('replicas.count', 'must be a whole number, 1 at least', count);
  }
  const longest = validTime('replicas.timeout', given, timeout / 2);
  if (longest >= timeout) {
    throw invalidOption('replicas.timeout', `must be less than the timeout of a request, which is ${timeout}`, longest);
  }
  return { count: count as number, timeout: longest };
}

/** A non-empty string of {@link requireUnicode whole characters}. */
export function validText(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalidOption(option, 'must be a non-empty string', value);
  requireUnicode(option, value);
  return value;
}

/** Refuses half of a surrogate pair: UTF-8 has no such thing, so that Redis would give back another text than it was sent. */
function requireUnicode(option: string, value: string): void {
  const at = value.search(/\p{Surrogate}/u);
  if (at >= 0)
    throw invalidOption(option, `must be valid Unicode, and has half of a surrogate pair at index ${at}`, value);
}

/** A time in whole ms; `fallback`, floored, where none is given. */
export function validTime(option: string, value: unknown, fallback: number, least = 1): number {
  if (value === undefined) return Math.max(least, Math.floor(fallback));
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > LONGEST_TIMER) {
    throw invalidOption(option, `must be a whole number of ms from ${least} to ${LONGEST_TIMER}`, value);
  }
  return value as number;
}

function validate(options: ElectionOptions): Settings {
  const key = validText('key', options.key);
  const ttl = validTime('ttl', options.ttl, 10_000, 100);
  const timeout = validTime('timeout', options.timeout, ttl / 10);
  const renewEvery = validTime('renewEvery', options.renewEvery, ttl / 3);
  const needed = renewEvery + 3 * (timeout + backoff(timeout));
  const limit = lifetime(ttl);
  if (needed > limit) {
    throw invalidOption(
      options.renewEvery === undefined ? 'timeout' : 'renewEvery',
      `renewEvery + 3 × (timeout + timeout / 4) must fit into the ${Math.floor(limit)} ms of certain leadership that a ` +
        `ttl of ${ttl} gives, so that a failed renewal can be repeated; with renewEvery ${renewEvery} and timeout ${timeout} it is ${needed} ms`,
      options.renewEvery ?? options.timeout,
    );
  }
  const { data, coldStart = 'elect', preflight: isLookedAt = true } = options;
  if (data !== undefined) {
    if (typeof data !== 'string') throw invalidOption('data', 'must be a string', data);
    requireUnicode('data', data);
  }
  if (coldStart !== 'elect' && coldStart !== 'wait') {
    throw invalidOption('coldStart', "must be 'elect' or 'wait'", coldStart);
  }
  if (typeof isLookedAt !== 'boolean') throw invalidOption('preflight', 'must be true or false', isLookedAt);
  return {
    key,
    ttl,
    wait: validTime('wait', options.wait, ttl / 2),
    jitter: validTime('jitter', options.jitter, ttl / 50, 0),
    renewEvery,
    timeout,
    drain: validTime('drain', options.drain, ttl),
    name: validText('name', options.name === undefined ? `${hostname()}:${process.pid}` : options.name),
    ...(data !== undefined && { data }),
    coldStart,
  };
}

function requireSignal(signal: unknown): void {
  for (const method of ['addEventListener', 'removeEventListener'])
    requireMethod('signal', signal, method, 'an AbortSignal');
  if (typeof (signal as AbortSignal).aborted !== 'boolean')
    throw invalidOption('signal', 'must be an AbortSignal', signal);
}

/** Refuses what has no such method. */
export function requireMethod(option: string, value: unknown, method: string, what: string): void {
  if (typeof (value as Record<string, unknown> | null)?.[method] !== 'function') {
    throw invalidOption(option, `must be ${what}`, value);
  }
}

const nextId = ({ name }: Settings): string => `${name}/${randomId()}`;
