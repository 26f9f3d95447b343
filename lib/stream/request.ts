import { inspect } from 'node:util';
import { from, Observable, type ObservableInput, of, type SchedulerLike, throwError } from 'rxjs';
import { ElectionError, isElectionError } from '../port/errors.js';
import { safeCause } from '../port/foreign-error.js';
import type {
  LeaseReply,
  LeaseRequest,
  LeaseStore,
  ReplyTo,
  RequestLimits,
  WithdrawReply,
} from '../port/lease-store.js';
import { StoreSubscriber } from './safely.js';
import type { Bucket, Entry } from './timer-wheel.js';
import { problemWith } from './validate-reply.js';

/**
 * Sends one request to the store. Emits one reply, or fails with an `ElectionError`, within
 * `request.timeout`. Unsubscribing abandons the request.
 */
export const sendRequest = <R extends LeaseRequest>(
  store: LeaseStore,
  request: R,
  scheduler: SchedulerLike,
): Observable<ReplyTo<R['verb']>> =>
  new Observable((subscriber) => {
    const onReply = (reply: ReplyTo<R['verb']>) => {
      subscriber.next(reply);
      subscriber.complete();
    };
    const pending = new PendingRequest(request, onReply, (error) => subscriber.error(error));
    subscriber.add(pending);
    pending.send(store);
    if (!pending.closed) pending.add(scheduler.schedule(() => pending.fire(), request.timeout));
  });

/**
 * A request in flight. Receives one reply or one `ElectionError`, unless it is unsubscribed before.
 *
 * A subscriber rather than a chain of operators, because thousands of requests may be in flight.
 */
export class PendingRequest<R extends LeaseRequest> extends StoreSubscriber<unknown> implements Entry {
  /** The bucket with the timeout of this request, if it is on a timer wheel. */
  bucket: Bucket | undefined;

  readonly #request: R;
  readonly #onReply: (reply: ReplyTo<R['verb']>) => void;
  readonly #onError: (error: ElectionError) => void;

  constructor(request: R, onReply: (reply: ReplyTo<R['verb']>) => void, onError: (error: ElectionError) => void) {
    super();
    this.#request = request;
    this.#onReply = onReply;
    this.#onError = onError;
  }

  /** Sends the request. Call {@link fire} on timeout. */
  send(store: LeaseStore): void {
    try {
      from(call(store, this.#request)).subscribe(this);
    } catch (error) {
      this.error(error);
    }
  }

  fire(): void {
    this.error(timedOut(this.#request));
  }

  // Unsubscribe from the store first: the callback may send the next request.
  protected override _next(reply: unknown): void {
    const problem = problemWith(this.#request, reply);
    if (problem) {
      this.error(problem);
      return;
    }
    this.unsubscribe();
    this.#onReply(reply as ReplyTo<R['verb']>);
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.#onError(isElectionError(error) ? error : unknownError(this.#request, error));
  }

  protected override _complete(): void {
    this._error(completedWithoutReply(this.#request));
  }
}

/**
 * The store for one election, whose requests have these `limits`, or for one observer without
 * limits.
 */
export const forElection = (store: LeaseStore, limits?: RequestLimits): LeaseStore =>
  store.forElection?.(limits) ?? store;

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
    case 'withdraw':
      return store.withdraw?.(request) ?? of<WithdrawReply>({ status: 'withdrawn' });
    case 'list':
      return store.list?.(request) ?? throwError(() => new ElectionError('STORE_REPLY', CANNOT_LIST));
  }
}

const CANNOT_LIST = 'This store cannot tell who stands by: it has no method "list"';

const completedWithoutReply = ({ verb }: LeaseRequest): ElectionError =>
  new ElectionError('STORE_REPLY', `The store completed without a reply to ${verb}`);

const timedOut = ({ verb, key, timeout }: LeaseRequest): ElectionError =>
  new ElectionError('STORE_TIMEOUT', `No answer to ${verb} of "${key}" within ${timeout} ms`);

function unknownError({ verb, key }: LeaseRequest, thrown: unknown): ElectionError {
  const cause = safeCause(thrown);
  const text = cause instanceof Error ? cause.message : inspect(cause);
  return new ElectionError('STORE_REPLY', `${verb} of "${key}" failed: ${text}`, { cause });
}
