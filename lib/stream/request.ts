import { inspect } from 'node:util';
import { defer, Observable, type ObservableInput, type SchedulerLike, take, throwError } from 'rxjs';
import { ElectionError, isElectionError } from '../errors.js';
import type { LeaseReply, LeaseStore, ListReply, ListRequest, StoreRequest } from '../store/lease-store.js';

type ReplyTo<R extends StoreRequest> = R extends ListRequest ? ListReply : LeaseReply;

/**
 * One request to the store: one reply, or one `ElectionError`, within `request.timeout`. Unsubscribing gives it up. Not made of operators, since
 * thousands of these may be under way.
 */
export const ask = <R extends StoreRequest>(
  store: LeaseStore,
  request: R,
  scheduler: SchedulerLike,
): Observable<ReplyTo<R>> =>
  new Observable((subscriber) => {
    const fail = (error: unknown) => subscriber.error(isElectionError(error) ? error : unknownError(request, error));
    const answers = defer(() => call(store, request)).pipe(take(1));
    subscriber.add(
      answers.subscribe({
        next: (reply) => {
          const problem = problemOf(request, reply);
          if (problem) return fail(problem);
          subscriber.next(reply as ReplyTo<R>);
          return subscriber.complete();
        },
        error: fail,
        complete: () => subscriber.closed || fail(unheard(request)),
      }),
    );
    if (subscriber.closed) return; // answered already
    subscriber.add(scheduler.schedule(() => fail(unanswered(request)), request.timeout));
  });

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

/** What is wrong with `reply` to `request`: users write stores too, and what decides over leadership must not trip over a slip there. */
function problemOf(request: StoreRequest, reply: unknown): unknown {
  try {
    return isSensible(request, reply) ? undefined : senseless(request, reply);
  } catch (error) {
    return error;
  }
}

function isSensible({ verb }: StoreRequest, reply: unknown): boolean {
  const { status, token, holder, wait, candidates } = Object(reply);
  return (
    STATUSES[verb].includes(status) &&
    (status !== 'granted' || Number.isSafeInteger(token)) &&
    (status !== 'suspect' || Number.isFinite(wait)) &&
    (status !== 'held' || holder) &&
    (status !== 'listed' || (Array.isArray(candidates) && candidates.every(isStanding))) &&
    (!holder || (typeof holder.id === 'string' && Number.isFinite(holder.expiresIn)))
  );
}

function isStanding(candidate: unknown): boolean {
  const { id, lastSeen } = Object(candidate);
  return typeof id === 'string' && Number.isFinite(lastSeen);
}

const senseless = ({ verb, key }: StoreRequest, reply: unknown): ElectionError =>
  new ElectionError('STORE_REPLY', `${verb} of "${key}" got a reply that makes no sense: ${inspect(reply)}`);

const unheard = ({ verb }: StoreRequest): ElectionError =>
  new ElectionError('STORE_REPLY', `The store completed without a reply to ${verb}`);

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
