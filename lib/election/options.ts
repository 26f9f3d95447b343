import type { SchedulerLike } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import type { ColdStart, LeaseStore } from '../port/lease-store.js';
import type { RedisClient } from '../redis/client.js';

/** Where the leases are: exactly one of `redis` and `store`. */
export type StoreOptions = (
  | {
      /**
       * A connected client of node-redis or ioredis.
       *
       * It is made by node-redis v5 or v6 (`createClient`, `createClientPool`, `createCluster`, `createSentinel`) or ioredis v5 or v6
       * (`Redis`, `Cluster`). It stays the caller's: the library never closes it. A client of a cluster must have no `keyPrefix`.
       */
      readonly redis: RedisClient;
      readonly store?: undefined;
    }
  | {
      /** Any {@link LeaseStore}, such as {@link quorum} and {@link replicated} make. */
      readonly store: LeaseStore;
      readonly redis?: undefined;
    }
) & {
  /**
   * The client whose duplicate receives notices, or `false` to go without notices.
   *
   * Give a client if `redis` cannot be duplicated, or if the subscriber connection needs a user of its own. It must reach the same
   * server or cluster. It stays the caller's, and no command is sent by it. With `false`, no second connection is opened: candidates
   * and observers then detect every change by their timers (`wait`, `every`). Needs `redis`. Default: `redis`.
   */
  readonly subscriber?: RedisClient | false | undefined;
};

/** The options of {@link elect}. All times are whole ms, from 1 to 2³¹ − 1 unless said otherwise; defaults are rounded down. */
export type ElectionOptions = StoreOptions & {
  /** Names the election: the same non-empty string for every candidate. */
  readonly key: string;
  /**
   * How long the store keeps a lease that is not renewed.
   *
   * A crash of the leader costs at most that. At least 100, and the same for every candidate. Default: 10 000.
   */
  readonly ttl?: number | undefined;
  /**
   * The longest time between two attempts of a follower that receives no notices.
   *
   * It applies without notices, after an error, and beside a holder that publishes none. With notices, a follower asks when the lease
   * that it knows of expires. May exceed `ttl`. Default: `ttl / 2`.
   */
  readonly wait?: number | undefined;
  /**
   * The longest random delay that is added to each scheduled attempt, so that followers do not all ask at once.
   *
   * Renewals are made earlier by it, never later. From 0. Default: `ttl / 50`.
   */
  readonly jitter?: number | undefined;
  /**
   * The time between two renewals.
   *
   * It must leave room to repeat a renewal that fails: `renewEvery` and three times one and a quarter `timeout` must fit into the time
   * for which a lease is certain, about 0.93 `ttl`. Default: `ttl / 3`.
   */
  readonly renewEvery?: number | undefined;
  /** How long one request to the store may take before it counts as failed. Default: `ttl / 10`. */
  readonly timeout?: number | undefined;
  /** How long a voluntary exit waits for the work given to `term.waitUntil` before it releases anyway. Default: `ttl`. */
  readonly drain?: number | undefined;
  /** The label of this candidate. Two candidates may share one: ids add 128 random bits. Default: `hostname:pid`. */
  readonly name?: string | undefined;
  /** What followers may need to know of the leader, such as its URL. Default: none. */
  readonly data?: string | undefined;
  /** Closes the election when it aborts. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What a store without any record of this election means.
   *
   * `'elect'`: a new election, which the first candidate to ask leads. `'wait'`: the store may just have lost its data under a leader, so
   * the lease is waited out for one `ttl`. A candidate that knows of an earlier term always waits. Default: `'elect'`.
   */
  readonly coldStart?: ColdStart | undefined;
  /**
   * Whether to check the server once for each client of `redis` or {@link replicated}, and to warn of what will cause trouble.
   *
   * It warns of a Redis that evicts, of a replica, of a `ttl` that is too short for the distance, and of candidates with another `ttl`, by
   * `process.emitWarning` with type `RxLeaderWarning` and a code. Default: `true`.
   */
  readonly preflight?: boolean | undefined;
  /** The clock that leases are measured by. Default: monotonic, counting suspended time; `scheduler` if that is a virtual one. */
  readonly clock?: Clock | undefined;
  /** Runs every timer. Under a `TestScheduler` the whole election runs in virtual time. Default: RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
};
