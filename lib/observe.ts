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
import {
  leaseStore,
  type Names,
  OPTIONS,
  refuseUnknown,
  requireObject,
  type StoreOptions,
  validText,
  validTime,
} from './options.js';
import type { Holder, ReadReply } from './store/lease-store.js';
import { coalesce } from './stream/coalesce.js';
import { inOwnContext } from './stream/own-context.js';
import { ask, forElection } from './stream/request.js';
import { noticesOf } from './stream/sense.js';

/** What {@link observe} takes. */
export type ObserveOptions = StoreOptions & {
  /** Names the election. */
  readonly key: string;
  /**
   * ms between two looks that nothing gave cause for, from 1 to 2³¹ − 1. Default: 5 000. A change that the store gives notice of is seen
   * at once; one that it does not, when the next look comes.
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
 * Who leads, without standing: emits at once, then whenever the holder's id changes; `undefined` while nobody holds the lease. Errors
 * with an `ElectionError` when the store cannot be asked; put RxJS's `retry` behind it to go on. Takes the options of `elect`, too, and makes no
 * use of those that it does not name. Throws `INVALID_OPTION`.
 */
export function observe(options: ObserveOptions): Observable<Holder | undefined> {
  requireObject(options);
  refuseUnknown(options, NAMES);
  const store = forElection(leaseStore(options));
  const key = validText('key', options.key);
  const every = validTime('every', options.every, 5_000);
  const timeout = Math.min(every, LONGEST_LOOK);
  const pause = timer(Math.min(PAUSE, every / 2)).pipe(ignoreElements());
  const look = merge(
    defer(() => ask(store, { verb: 'read', key, timeout }, asyncScheduler)),
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
