import { catchError, defer, EMPTY, from, NEVER, Observable, of, Subscription, takeWhile, throwError } from 'rxjs';
import { invalidOption } from '../port/errors.js';
import { OwnContext } from '../stream/own-context.js';
import { isAlive } from '../stream/term.js';
import type { Term } from '../stream/transition.js';
import {
  isAsyncIterableResult,
  isCleanup,
  isObservableResult,
  isPromiseResult,
  WORK_RULE,
  type WorkResult,
  type WorkValue,
} from './work-result.js';

/** The options of {@link runWork}. */
export interface RunOptions {
  /** The async context of work and cleanup. Default: that of the subscription. */
  readonly context?: OwnContext;
  /** Receives the errors of cleanup and of `return()`. Default: ignored. */
  readonly onLateError?: (error: unknown) => void;
}

/**
 * Runs `work` for one term, by the table of {@link WorkResult}.
 *
 * Emits what the work emits, and errors when it fails, but does neither once the term is over by
 * the clock. Completes when the work completes or the term ends.
 * Unsubscribing ends the work as the end of the term does. `term.waitUntil` receives the promises
 * that a voluntary exit awaits.
 */
export function runWork<Result extends WorkResult>(
  work: (term: Term) => Result,
  term: Term,
  { context = new OwnContext(), onLateError = () => {} }: RunOptions = {},
): Observable<WorkValue<Result>> {
  return new Observable((subscriber) => {
    if (!isAlive(term)) {
      subscriber.complete();
      return;
    }
    const { signal } = term;
    const lifetime = new Subscription(() => signal.removeEventListener('abort', end));
    const stop = () => context.run(() => lifetime.unsubscribe());
    const end = () => {
      try {
        stop();
      } finally {
        context.run(() => subscriber.complete());
      }
    };
    signal.addEventListener('abort', end, { once: true });
    subscriber.add(stop); // before the work starts, so that synchronous work sees an unsubscription
    const isOver = () => lifetime.closed || !isAlive(term);
    const run = { term, isOver, onLateError };
    const values = defer(() => follow(work(term), run)).pipe(
      takeWhile(() => !isOver()),
      // Work that fails because its term is over, as by `term.assert()`, must not end the
      // candidate's subscription.
      catchError((error: unknown) => (isOver() ? EMPTY : throwError(() => error))),
    );
    const observer = {
      next: (value: unknown) => subscriber.next(value as WorkValue<Result>),
      error: (error: unknown) => subscriber.error(error),
      complete: end,
    };
    context.run(() => lifetime.add(values.subscribe(observer)));
  });
}

interface Run extends Required<Omit<RunOptions, 'context'>> {
  readonly term: Term;
  /** Whether the work has ended: its term is over, announced or not, or nobody is subscribed. */
  readonly isOver: () => boolean;
}

/**
 * Converts the result of work to an Observable that ends the work on unsubscription.
 * If work returns after its end, it is unsubscribed at once, so that whatever it started ends too.
 */
function follow(result: unknown, run: Run): Observable<unknown> {
  if (result === undefined) return NEVER; // it never completes
  return followWork(result, run) ?? throwError(() => invalidOption('work', WORK_RULE, result));
}

/** Returns `undefined` if `result` is no valid work. */
function followWork(result: unknown, run: Run): Observable<unknown> | undefined {
  if (isObservableResult(result)) return run.isOver() ? EMPTY : from(result);
  if (isPromiseResult(result)) return fromPromise(result, run);
  if (isAsyncIterableResult(result)) return fromAsyncIterable(result, run);
  if (isCleanup(result)) return new Observable(() => () => finish(result, run));
  return undefined;
}

/**
 * A promise cannot be cancelled. If it resolves to work after the end, that work is ended at once.
 */
const fromPromise = (promise: PromiseLike<unknown>, run: Run): Observable<unknown> =>
  new Observable((subscriber) => {
    const settled = Promise.resolve(promise).then(
      (resolved) => void (followWork(resolved, run) ?? of(resolved)).subscribe(subscriber),
      (error: unknown) => subscriber.error(error),
    );
    run.term.waitUntil(settled);
  });

/**
 * Iterates one step at a time, as `for await` does.
 *
 * At the end it calls `return()` at once, where `for await` would wait for the current step. An
 * iterator such as that of `events.on` then ends its current step. A generator returns after its
 * current step.
 */
const fromAsyncIterable = (iterable: AsyncIterable<unknown>, { term, isOver, onLateError }: Run): Observable<unknown> =>
  new Observable((subscriber) => {
    const iterator = iterable[Symbol.asyncIterator]();
    let isDone = false;
    const steps = async () => {
      while (!isOver() && !isDone) {
        const { done, value } = await iterator.next();
        isDone = done === true;
        if (isDone) subscriber.complete();
        else if (!subscriber.closed) subscriber.next(value);
      }
    };
    const stepping = steps().catch((error: unknown) => {
      isDone = true;
      subscriber.error(error);
    });
    return () => {
      if (isDone) return;
      const returned = Promise.resolve(attempt(() => iterator.return?.(), onLateError)).catch(onLateError);
      term.waitUntil(Promise.all([stepping, returned]));
    };
  });

/**
 * A cleanup without a promise is over at once. Virtual time then continues, since no promise
 * settles in it.
 */
function finish(cleanup: () => unknown, { term, onLateError }: Run): void {
  const left = attempt(cleanup, onLateError);
  if (isPromiseResult(left)) term.waitUntil(Promise.resolve(left).catch(onLateError));
}

function attempt<Result>(act: () => Result, onError: (error: unknown) => void): Result | undefined {
  try {
    return act();
  } catch (error) {
    onError(error);
    return undefined;
  }
}
