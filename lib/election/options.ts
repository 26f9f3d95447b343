import type { SchedulerLike } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import type { ColdStart, LeaseStore } from '../port/lease-store.js';
import type { RedisClient } from '../redis/client.js';

/** Where the leases are stored: exactly one of `redis` and `store`. */
export type StoreOptions = (
  | {
      /**
       * A connected client of node-redis or ioredis.
       *
       * Supported are node-redis v5 and v6 (`createClient`, `createClientPool`, `createCluster`,
       * `createSentinel`) and ioredis v5 and v6 (`Redis`, `Cluster`).
       * The client stays the caller's: the library never closes it. A cluster client must have no
       * `keyPrefix`.
       */
      readonly redis: RedisClient;
      readonly store?: undefined;
    }
  | {
      /** Any {@link LeaseStore}, such as the results of {@link quorum} and {@link replicated}. */
      readonly store: LeaseStore;
      readonly redis?: undefined;
    }
) & {
  /**
   * The client whose duplicate receives notices, or `false` to go without notices.
   *
   * Give a client if `redis` cannot be duplicated, or if the subscriber connection needs its own
   * user. It must reach the same server or cluster.
   * The client stays the caller's, and the library sends no command through it. With `false`, the
   * library opens no second connection:
   * candidates and observers then detect every change by their timers (`wait`, `every`). Needs
   * `redis`. Default: `redis`.
   */
  readonly subscriber?: RedisClient | false | undefined;
};

/**
 * The options of {@link elect}.
 *
 * All times are whole ms, from 1 to 2³¹ − 1 unless an option states other limits. Defaults are
 * rounded down.
 */
export type ElectionOptions = StoreOptions & {
  /** Names the election: the same non-empty string for every candidate. */
  readonly key: string;
  /**
   * How long the store keeps a lease that is not renewed.
   *
   * After a crash, nobody leads for at most this time. At least 100, and the same for every
   * candidate. Default: 10 000.
   */
  readonly ttl?: number | undefined;
  /**
   * The longest time between two attempts of a follower that receives no notices.
   *
   * It applies without notices, after an error, and while the holder publishes none. With notices,
   * a follower asks when the known lease expires.
   * May exceed `ttl`. Default: `ttl / 2`.
   */
  readonly wait?: number | undefined;
  /**
   * The longest random delay added to each scheduled attempt, so that followers do not all ask at
   * once.
   *
   * It makes renewals earlier, never later. From 0. Default: `ttl / 50`.
   */
  readonly jitter?: number | undefined;
  /**
   * The time between two renewals.
   *
   * It must leave room to repeat a failed renewal. `renewEvery` plus three times one and a quarter
   * `timeout` must fit into the time
   * for which a lease is certain, about 0.93 `ttl`. Default: `ttl / 3`.
   */
  readonly renewEvery?: number | undefined;
  /** How long one request to the store may take before it counts as failed. Default: `ttl / 10`. */
  readonly timeout?: number | undefined;
  /**
   * How long a voluntary exit waits for the work in `term.waitUntil` before it releases the lease
   * anyway. Default: `ttl`.
   */
  readonly drain?: number | undefined;
  /**
   * The label of this candidate. Candidates may share a label, because ids add 128 random bits.
   * Default: `hostname:pid`.
   */
  readonly name?: string | undefined;
  /** What followers may need to know of the leader, such as its URL. Default: none. */
  readonly data?: string | undefined;
  /** Closes the election when it aborts. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What a store without any record of this election means.
   *
   * `'elect'`: the election is new, and the first candidate to ask leads. `'wait'`: the store may
   * just have lost its data under a leader,
   * so candidates wait for one `ttl`. A candidate that has seen an earlier term always waits.
   * Default: `'elect'`.
   */
  readonly coldStart?: ColdStart | undefined;
  /**
   * Whether to check the server once for each client of `redis` or {@link replicated}, and to warn
   * of likely trouble.
   *
   * It warns if Redis may evict leases, if the server is a replica, if `ttl` is too short for the
   * latency, and if candidates have different `ttl`s.
   * Warnings use `process.emitWarning` with the type `RxLeaderWarning` and a code. Default: `true`.
   */
  readonly preflight?: boolean | undefined;
  /**
   * The clock that measures leases.
   *
   * Default: a monotonic clock that counts suspended time, or `scheduler` if it is a virtual one.
   */
  readonly clock?: Clock | undefined;
  /**
   * Runs every timer.
   *
   * Under a `TestScheduler`, the whole election runs in virtual time. Default: RxJS's
   * `asyncScheduler`.
   */
  readonly scheduler?: SchedulerLike | undefined;
};
