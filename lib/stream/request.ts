import { inspect } from 'node:util';
import {
  catchError,
  defer,
  map,
  type Observable,
  type ObservableInput,
  type SchedulerLike,
  take,
  throwError,
  throwIfEmpty,
  timeout,
} from 'rxjs';
import { ElectionError, isElectionError } from '../errors.js';
import type { LeaseReply, LeaseStore, ListReply, ListRequest, StoreRequest } from '../store/lease-store.js';

type ReplyTo<R extends StoreRequest> = R extends ListRequest ? ListReply : LeaseReply;

/** One request to the store: one reply, or one `ElectionError`, within `request.timeout`. Unsubscribing gives it up. */
export const ask = <R extends StoreRequest>(
  store: LeaseStore,
  request: R,
  scheduler: SchedulerLike,
): Observable<ReplyTo<R>> =>
  defer(() => call(store, request)).pipe(
    timeout({ first: request.timeout, scheduler, with: () => throwError(() => unanswered(request)) }),
    throwIfEmpty(() => new ElectionError('STORE_REPLY', `The store completed without a reply to ${request.verb}`)),
    take(1),
    map((reply: unknown) => sensible(request, reply) as ReplyTo<R>),
    catchError((error: unknown) => throwError(() => (isElectionError(error) ? error : unknownError(request, error)))),
  );

function call(store: LeaseStore, request: StoreRequest): ObservableInput<LeaseReply | ListReply> {
  switch (request.verb) {
    case 'acquire':
      return store.acquire(request);
    case 'renew':
      return store.renew(request);
    case 'release':
      return store.release(request);
    case 'read':
      return store.read(request);
    case 'list':
      return store.list?.(request) ?? throwError(() => new ElectionError('STORE_REPLY', CANNOT_LIST));
  }
}

const CANNOT_LIST = 'This store cannot tell who stands by: it has no method "list"';

const STATUSES: Record<StoreRequest['verb'], ReadonlyArray<(LeaseReply | ListReply)['status']>> = {
  acquire: ['granted', 'held', 'suspect', 'late'],
  renew: ['renewed', 'lost', 'late'],
  release: ['released', 'gone'],
  read: ['held', 'free'],
  list: ['listed'],
};

/** `reply`, if it is one to `request`: users write stores too, and what decides over leadership must not trip over a slip there. */
function sensible({ verb, key }: StoreRequest, reply: unknown): LeaseReply | ListReply {
  const { status, token, holder, wait, candidates } = Object(reply);
  if (
    STATUSES[verb].includes(status) &&
    (status !== 'granted' || Number.isSafeInteger(token)) &&
    (status !== 'suspect' || Number.isFinite(wait)) &&
    (status !== 'held' || holder) &&
    (status !== 'listed' || Array.isArray(candidates)) &&
    (!holder || (typeof holder.id === 'string' && Number.isFinite(holder.expiresIn)))
  ) {
    return reply as LeaseReply | ListReply;
  }
  throw new ElectionError('STORE_REPLY', `${verb} of "${key}" got a reply that makes no sense: ${inspect(reply)}`);
}

const unanswered = ({ verb, key, timeout }: StoreRequest): ElectionError =>
  new ElectionError('STORE_TIMEOUT', `No answer to ${verb} of "${key}" within ${timeout} ms`);

const unknownError = ({ verb, key }: StoreRequest, cause: unknown): ElectionError =>
  new ElectionError(
    'STORE_REPLY',
    `${verb} of "${key}" failed: ${cause instanceof Error ? cause.message : inspect(cause)}`,
    {
      cause,
    },
  );
