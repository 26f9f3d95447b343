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
 * One request to the store: one reply, or one `ElectionError`, within `request.timeout`. Unsubscribing gives it up.
 */
export const sendRequest = <R extends LeaseRequest>(
  store: LeaseStore,
  request: R,
  scheduler: SchedulerLike,
): Observable<ReplyTo<R['verb']>> =>
  new Observable((subscriber) => {
    const hear = (reply: ReplyTo<R['verb']>) => {
      subscriber.next(reply);
      subscriber.complete();
    };
    const exchange = new PendingRequest(request, hear, (error) => subscriber.error(error));
    subscriber.add(exchange);
    exchange.send(store);
    if (!exchange.closed) exchange.add(scheduler.schedule(() => exchange.fire(), request.timeout));
  });

/**
 * One request under way: hears one reply or fails with one `ElectionError`, unless it is unsubscribed before. A subscriber rather than made of
 * operators, since thousands of these may be under way.
 */
export class PendingRequest<R extends LeaseRequest> extends StoreSubscriber<unknown> implements Entry {
  /** Where its time is kept, if that is on a wheel. */
  bucket: Bucket | undefined;

  readonly #request: R;
  readonly #hear: (reply: ReplyTo<R['verb']>) => void;
  readonly #fail: (error: ElectionError) => void;

  constructor(request: R, hear: (reply: ReplyTo<R['verb']>) => void, fail: (error: ElectionError) => void) {
    super();
    this.#request = request;
    this.#hear = hear;
    this.#fail = fail;
  }

  /** Makes the request. Call {@link fire} when its time is up. */
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

  // Lets go of the store before anything is told: what is told may lead to the next request.
  protected override _next(reply: unknown): void {
    const problem = problemWith(this.#request, reply);
    if (problem) {
      this.error(problem);
      return;
    }
    this.unsubscribe();
    this.#hear(reply as ReplyTo<R['verb']>);
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.#fail(isElectionError(error) ? error : unknownError(this.#request, error));
  }

  protected override _complete(): void {
    this._error(completedWithoutReply(this.#request));
  }
}

/** The store as one election uses it, whose requests have these `limits`, or one observer, which gives none. */
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
