import { invalidOption } from '../port/errors.js';
import type { LeaseStore } from '../port/lease-store.js';
import { isRedisClient, type RedisClient } from '../redis/client.js';
import { replicatedStore } from '../redis/replicas.js';
import { storeOfClient } from './store-of.js';
import { type Names, refuseUnknown, requireObject, validTime } from './validation.js';

/** The options of {@link replicated}. */
export interface ReplicatedOptions {
  /** How many replicas must have the lease: a whole number, at least 1. */
  readonly replicas: number;
  /**
   * ms that Redis's `WAIT` may take, as part of a request.
   *
   * A whole number from 1, and less than the election's `timeout`. Redis may reply up to 100 ms
   * later. Default: half of the election's `timeout`.
   */
  readonly timeout?: number | undefined;
  /**
   * The client whose duplicate receives notices, or `false` to go without notices.
   *
   * See the option of the same name of `elect`. Default: `redis`.
   */
  readonly subscriber?: RedisClient | false | undefined;
}

const NAMES: Names<ReplicatedOptions> = { replicas: true, timeout: true, subscriber: true };

/**
 * Creates a store that also requires each lease to be on `replicas` replicas of Redis.
 *
 * A failover to one of these replicas then keeps the lease. Redis's `WAIT` reports how many
 * replicas have it.
 * With too few replicas in time, a grant is released again and a renewal extends nothing: both fail
 * with `STORE_UNAVAILABLE`.
 * Each request costs one more round trip, and each client one more connection, opened with the
 * first grant.
 * Give every candidate of an election the same options.
 *
 * Throws an `ElectionError` with code `INVALID_OPTION` for a wrong option or a client that cannot
 * be duplicated.
 * `elect` throws it if its own `timeout` is not above the one given here.
 *
 * @example
 * const election = elect({ store: replicated(redis, { replicas: 1 }), key: 'billing' });
 */
export function replicated(redis: RedisClient, options: ReplicatedOptions): LeaseStore {
  if (!isRedisClient(redis)) throw invalidOption('redis', 'must be a client as node-redis or ioredis makes', redis);
  requireObject(options, 'an object such as { replicas: 1 }');
  refuseUnknown(options, NAMES);
  const { replicas, timeout, subscriber } = options;
  if (!Number.isSafeInteger(replicas) || replicas < 1) {
    throw invalidOption('replicas', 'must be a whole number, at least 1', replicas);
  }
  const rule = { count: replicas, timeout: timeout === undefined ? undefined : validTime('timeout', timeout, 1) };
  return replicatedStore(storeOfClient('redis', redis, subscriber), redis, rule);
}
