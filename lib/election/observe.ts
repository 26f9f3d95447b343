import {
  asyncScheduler,
  catchError,
  defer,
  distinctUntilChanged,
  filter,
  ignoreElements,
  map,
  merge,
  NEVER,
  type Observable,
  timer,
} from 'rxjs';
import type { Holder, ReadReply } from '../port/lease-store.js';
import { coalesce } from '../stream/coalesce.js';
import { inOwnContext } from '../stream/own-context.js';
import { forElection, sendRequest } from '../stream/request.js';
import { noticesOf } from '../stream/validate-reply.js';
import { OPTIONS } from './environment.js';
import type { StoreOptions } from './options.js';
import { storeOf } from './store-of.js';
import { type Names, refuseUnknown, requireObject, validText, validTime } from './validation.js';

/** The options of {@link observe}. */
export type ObserveOptions = StoreOptions & {
  /** Names the election. */
  readonly key: string;
  /**
   * ms between two reads without a notice, from 1 to 2³¹ − 1.
   *
   * A notice triggers a read at once. Other changes are seen at the next read. Default: 5 000.
   */
  readonly every?: number | undefined;
};

/**
 * Includes the options of `elect`, so that callers can pass the same object. Unused options have no
 * effect.
 */
const NAMES = { ...OPTIONS, every: true } satisfies Names<ObserveOptions>;

/** The longest time in ms that one read may take. With a shorter `every`, that is the limit. */
const MAX_READ_TIMEOUT = 1_000;

/**
 * Minimum ms between the starts of two reads, so that a flood of notices does not become a flood of
 * requests.
 */
const MIN_READ_INTERVAL = 10;

/**
 * Emits the current leader, without taking part in the election.
 *
 * It emits at once, then whenever the holder's id changes. It emits `undefined` while nobody holds
 * the lease.
 * It errors with an `ElectionError` when a read fails: add RxJS's `retry` to continue. It accepts
 * all options of `elect` and ignores those that it does not need.
 *
 * Throws an `ElectionError` with code `INVALID_OPTION` for a wrong option.
 *
 * @example
 * observe({ redis, key: 'billing' }).subscribe((leader) => console.log(leader?.name ?? 'nobody'));
 */
export function observe(options: ObserveOptions): Observable<Holder | undefined> {
  requireObject(options);
  refuseUnknown(options, NAMES);
  const store = forElection(storeOf(options));
  const key = validText('key', options.key);
  const every = validTime('every', options.every, 5_000);
  const timeout = Math.min(every, MAX_READ_TIMEOUT);
  const minInterval = timer(Math.min(MIN_READ_INTERVAL, every / 2)).pipe(ignoreElements());
  const readOnce = merge(
    defer(() => sendRequest(store, { verb: 'read', key, timeout }, asyncScheduler)),
    minInterval,
  );
  // Notices trigger a read, and the store keeps its subscriber connection while subscribed. If
  // notices fail, the timer is enough.
  const notices = noticesOf(store, key).pipe(
    filter(({ kind }) => kind !== 'deaf'), // `deaf` does not imply any change
    catchError(() => NEVER),
  );
  // A notice during a read may concern a later change, so it triggers one more read. `coalesce`
  // keeps at most one read waiting.
  return merge(timer(0, every), notices).pipe(
    coalesce(readOnce),
    map((reply) => holderOf(reply as ReadReply)),
    distinctUntilChanged((before, now) => before?.id === now?.id),
    inOwnContext(),
  );
}

const holderOf = (reply: ReadReply): Holder | undefined => (reply.status === 'held' ? reply.holder : undefined);
