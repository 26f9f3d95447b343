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
   * ms between two looks without a notice, from 1 to 2³¹ − 1.
   *
   * A change that the store publishes is seen at once, any other change at the next look. Default: 5 000.
   */
  readonly every?: number | undefined;
};

/** With those of `elect`, which may be given the same object; what it makes no use of changes nothing. */
const NAMES = { ...OPTIONS, every: true } satisfies Names<ObserveOptions>;

/** The longest a look may take, in ms; shorter where looks are more frequent than that. */
const LONGEST_LOOK = 1_000;

/** ms from the beginning of a look to the next at least: whoever floods the channel must not have each observer flood the store. */
const PAUSE = 10;

/**
 * Emits who leads, without taking part in the election.
 *
 * It emits at once, then whenever the holder's id changes: `undefined` while nobody holds the lease. It errors with an `ElectionError` when
 * the store cannot be asked: add RxJS's `retry` to continue. It accepts all options of `elect` and ignores those that it does not need.
 * Throws an `ElectionError` with code `INVALID_OPTION`.
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
  const timeout = Math.min(every, LONGEST_LOOK);
  const pause = timer(Math.min(PAUSE, every / 2)).pipe(ignoreElements());
  const look = merge(
    defer(() => sendRequest(store, { verb: 'read', key, timeout }, asyncScheduler)),
    pause,
  );
  // Notices hasten a look, and the store guards its connection while they are listened to. Where they fail, the timer is enough.
  const notices = noticesOf(store, key).pipe(
    filter(({ kind }) => kind !== 'deaf'), // nothing has changed, as far as anyone knows
    catchError(() => NEVER),
  );
  // What is told during a look may have happened after it was answered; so many looks there may be, but no more than two are waited for.
  return merge(timer(0, every), notices).pipe(
    coalesce(look),
    map((reply) => holderOf(reply as ReadReply)),
    distinctUntilChanged((before, now) => before?.id === now?.id),
    inOwnContext(),
  );
}

const holderOf = (reply: ReadReply): Holder | undefined => (reply.status === 'held' ? reply.holder : undefined);
