import {
  catchError,
  defer,
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

const unanswered = ({ verb, key, timeout }: LeaseRequest): ElectionError =>
  new ElectionError('STORE_TIMEOUT', `No answer to ${verb} of "${key}" within ${timeout} ms`);

const unknownError = ({ verb, key }: LeaseRequest, cause: unknown): ElectionError =>
  new ElectionError(
    'STORE_REPLY',
    `${verb} of "${key}" failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
    },
  );
