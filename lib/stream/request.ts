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
import type { LeaseReply, LeaseRequest, LeaseStore } from '../store/lease-store.js';

/** One request to the store: one reply, or one `ElectionError`, within `request.timeout`. Unsubscribing gives it up. */
export const ask = (store: LeaseStore, request: LeaseRequest, scheduler: SchedulerLike): Observable<LeaseReply> =>
  defer(() => call(store, request)).pipe(
    timeout({ first: request.timeout, scheduler, with: () => throwError(() => unanswered(request)) }),
    throwIfEmpty(() => new ElectionError('STORE_REPLY', `The store completed without a reply to ${request.verb}`)),
    take(1),
    map((reply: unknown) => sensible(request, reply)),
    catchError((error: unknown) => throwError(() => (isElectionError(error) ? error : unknownError(request, error)))),
  );

function call(store: LeaseStore, request: LeaseRequest): ObservableInput<LeaseReply> {
  switch (request.verb) {
    case 'acquire':
      return store.acquire(request);
    case 'renew':
      return store.renew(request);
    case 'release':
      return store.release(request);
    case 'read':
      return store.read(request);
  }
}

const STATUSES: Record<LeaseRequest['verb'], ReadonlyArray<LeaseReply['status']>> = {
  acquire: ['granted', 'held', 'suspect', 'late'],
  renew: ['renewed', 'lost', 'late'],
  release: ['released', 'gone'],
  read: ['held', 'free'],
};

/** `reply`, if it is one to `request`: users write stores too, and what decides over leadership must not trip over a slip there. */
function sensible({ verb, key }: LeaseRequest, reply: unknown): LeaseReply {
  const { status, token, holder, wait } = Object(reply);
  if (
    STATUSES[verb].includes(status) &&
    (status !== 'granted' || Number.isSafeInteger(token)) &&
    (status !== 'suspect' || Number.isFinite(wait)) &&
    (status !== 'held' || holder) &&
    (!holder || (typeof holder.id === 'string' && Number.isFinite(holder.expiresIn)))
  ) {
    return reply as LeaseReply;
  }
  throw new ElectionError('STORE_REPLY', `${verb} of "${key}" got a reply that makes no sense: ${inspect(reply)}`);
}

const unanswered = ({ verb, key, timeout }: LeaseRequest): ElectionError =>
  new ElectionError('STORE_TIMEOUT', `No answer to ${verb} of "${key}" within ${timeout} ms`);

const unknownError = ({ verb, key }: LeaseRequest, cause: unknown): ElectionError =>
  new ElectionError(
    'STORE_REPLY',
    `${verb} of "${key}" failed: ${cause instanceof Error ? cause.message : inspect(cause)}`,
    {
      cause,
    },
  );
