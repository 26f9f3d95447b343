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

/** What a run may be given beside its work. */
export interface RunOptions {
  /** The async context of work and cleanup. Default: that of the subscription. */
  readonly context?: OwnContext;
  /** Receives what cleanup, or `return()`, throws or rejects with. Default: nobody does. */
  readonly onLateError?: (error: unknown) => void;
}

/**
 * Runs `work` for one term, by the table of {@link WorkResult}.
 *
 * Emits what the work emits, and errors when it fails, but does neither once the term is over by the clock. Completes when
 * the work completes or the term ends. Unsubscribing ends the work as the end of the term does. `term.waitUntil` receives
 * what a voluntary exit has to wait for.
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
    const course = new Subscription(() => signal.removeEventListener('abort', end));
    const stop = () => context.run(() => course.unsubscribe());
    const end = () => {
      try {
        stop();
      } finally {
        context.run(() => subscriber.complete());
      }
    };
    signal.addEventListener('abort', end, { once: true });
    subscriber.add(stop); // before the work starts: synchronous work is to find out that nobody wants more
    const isOver = () => course.closed || !isAlive(term);
    const run = { term, isOver, onLateError };
    const values = defer(() => follow(work(term), run)).pipe(
      takeWhile(() => !isOver()),
      // Work that fails because its time is up, as by `term.assert()`, must not end the candidate's subscription.
      catchError((error: unknown) => (isOver() ? EMPTY : throwError(() => error))),
    );
    const observer = {
      next: (value: unknown) => subscriber.next(value as WorkValue<Result>),
      error: (error: unknown) => subscriber.error(error),
      complete: end,
    };
    context.run(() => course.add(values.subscribe(observer)));
  });
}

interface Run extends Required<Omit<RunOptions, 'context'>> {
  readonly term: Term;
  /** Whether the work has ended: by its term, announced or not, or because nobody is subscribed any more. */
  readonly isOver: () => boolean;
}

/**
 * What work returned, as an Observable that ends the work when it is unsubscribed. Unsubscribed at once where work returned
 * only after the end: what it began must be ended all the same.
 */
function follow(result: unknown, run: Run): Observable<unknown> {
  if (result === undefined) return NEVER; // nothing that could complete
  return followWork(result, run) ?? throwError(() => invalidOption('work', WORK_RULE, result));
}

/** `undefined` where `result` is no work. */
function followWork(result: unknown, run: Run): Observable<unknown> | undefined {
  if (isObservableResult(result)) return run.isOver() ? EMPTY : from(result);
  if (isPromiseResult(result)) return fromPromise(result, run);
  if (isAsyncIterableResult(result)) return fromAsyncIterable(result, run);
  if (isCleanup(result)) return new Observable(() => () => finish(result, run));
  return undefined;
}

/** A promise cannot be unsubscribed: what it resolves to may be work, which is ended at once after the end. */
const fromPromise = (promise: PromiseLike<unknown>, run: Run): Observable<unknown> =>
  new Observable((subscriber) => {
    const settled = Promise.resolve(promise).then(
      (resolved) => void (followWork(resolved, run) ?? of(resolved)).subscribe(subscriber),
      (error: unknown) => subscriber.error(error),
    );
    run.term.waitUntil(settled);
  });

/**
 * One step at a time, as `for await` does. At the end `return()` is called at once, where `for await` would wait for the step
 * under way: an iterator such as that of `events.on` ends that step by it, and a generator takes it after the step.
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

/** A cleanup that returns no promise is over: virtual time, in which no promise settles, goes on. */
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
