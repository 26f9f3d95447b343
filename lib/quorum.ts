import type { SchedulerLike } from 'rxjs';
import { invalidOption } from './errors.js';
import type { LeaseStore } from './store/lease-store.js';
import { quorumStore } from './store/quorum/store.js';
import { isRedisClient, type RedisClient } from './store/redis/client.js';
import { storeOfClient } from './store-of.js';
import type { Clock } from './stream/clock.js';
import { type Names, refuseUnknown, requireObject, validTimeSources } from './validation.js';

/** What {@link quorum} takes besides: time sources, for tests. Give it those that the elections over it are given. */
export interface QuorumOptions {
  /** What requests are bounded by. Default: monotonic and counting suspended time; `scheduler` where that is a virtual one. */
  readonly clock?: Clock | undefined;
  /** Runs its timers. Default: RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
}

const NAMES: Names<QuorumOptions> = { clock: true, scheduler: true };

/** Fewer have no majority without all of them. */
const LEAST = 3;

/**
 * One store over several that know nothing of each other, such as three Redis servers that replicate nothing: a candidate leads when a
 * majority of them has granted it the lease, and as long as a majority renews it. So leadership outlives any minority, without one store
 * that all depends on. Give it to `elect` or `observe` as `store`; every candidate of an election must use the same stores.
 *
 * It takes three or more, each once, as a `LeaseStore` or as a client as `elect` takes it, which stays the caller's. An odd number is best:
 * a fourth store allows no more to fail than three do. The lease's value is the candidate's id; where that one had to give back what a minority
 * had granted it, `~1`, `~2` and so on behind it.
 *
 * Throws an `ElectionError` with code `INVALID_OPTION`.
 */
export function quorum(stores: ReadonlyArray<LeaseStore | RedisClient>, options: QuorumOptions = {}): LeaseStore {
  if (!Array.isArray(stores) || stores.length < LEAST) {
    throw invalidOption('stores', `must be one array of ${LEAST} or more, of which a majority decides`, stores);
  }
  const members = Array.from(stores, member); // also where there is a hole
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
