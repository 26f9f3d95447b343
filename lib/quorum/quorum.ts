import type { SchedulerLike } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import { storeOfClient } from '../election/store-of.js';
import { type Names, refuseUnknown, requireObject, validTimeSources } from '../election/validation.js';
import { invalidOption } from '../port/errors.js';
import type { LeaseStore } from '../port/lease-store.js';
import { isRedisClient, type RedisClient } from '../redis/client.js';
import { quorumStore } from './store.js';

/**
 * The options of {@link quorum}: time sources, for tests.
 * Use the same ones as for the elections over it.
 */
export interface QuorumOptions {
  /**
   * The clock that limits requests.
   *
   * Default: a monotonic clock that counts suspended time, or `scheduler` if it is a virtual one.
   */
  readonly clock?: Clock | undefined;
  /** Runs the timers of the quorum. Default: RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
}

const NAMES: Names<QuorumOptions> = { clock: true, scheduler: true };

/** Fewer stores have no majority without all of them. */
const LEAST = 3;

/**
 * Creates one store over three or more independent stores, such as Redis servers without
 * replication.
 *
 * A candidate leads once a majority of the stores has granted it the lease, and as long as a
 * majority renews it. Leadership therefore survives the loss of any minority.
 * Pass the result to `elect` or `observe` as `store`. Every candidate of an election must use the
 * same stores.
 *
 * Give each store once, as a `LeaseStore` or as a client, which stays the caller's. Use an odd
 * number: four stores tolerate no more failures than three.
 * The lease's value is the candidate's id. After a grant by a minority was given back, it is the id
 * with `~1`, `~2` and so on.
 *
 * Throws an `ElectionError` with code `INVALID_OPTION` for wrong stores or options.
 *
 * @example
 * const election = elect({ store: quorum([redisA, redisB, redisC]), key: 'billing' });
 */
export function quorum(stores: ReadonlyArray<LeaseStore | RedisClient>, options: QuorumOptions = {}): LeaseStore {
  if (!Array.isArray(stores) || stores.length < LEAST) {
    throw invalidOption('stores', `must be one array of ${LEAST} or more, of which a majority decides`, stores);
  }
  const members = Array.from(stores, member); // turns holes into undefined
  for (const [i, store] of members.entries()) {
    const first = members.indexOf(store);
    if (first < i)
      throw invalidOption(`stores[${i}]`, `must not be stores[${first}] again: each counts once`, stores[i]);
  }
  requireObject(options, 'an object such as { clock, scheduler }');
  refuseUnknown(options, NAMES);
  return quorumStore(members, { ...validTimeSources(options), random: Math.random });
}

function member(store: unknown, i: number): LeaseStore {
  if (isRedisClient(store)) return storeOfClient(`stores[${i}]`, store);
  const methods = Object(store);
  if (['acquire', 'renew', 'release', 'read'].every((verb) => typeof methods[verb] === 'function')) return methods;
  throw invalidOption(`stores[${i}]`, 'must be a LeaseStore, or a client as node-redis or ioredis makes', store);
}
