import { type InteropObservable, isObservable, type Observable, observable } from 'rxjs';

/**
 * Ends the work of one term; called at the end of the term.
 * A voluntary exit awaits the returned promise, if any.
 */
export type Cleanup = () => unknown;

/**
 * What work may return.
 *
 * | work returns | at the end of the term | a voluntary exit waits for |
 * | --- | --- | --- |
 * | nothing | – | – |
 * | a cleanup function | it is called | the promise it returns, if it returns one |
 * | a promise | `term.signal` has aborted | the promise; its result is work again |
 * | an async iterable | `return()` is called, if present | the current step, and `return()` |
 * | an Observable | it is unsubscribed | only what it gives to `term.waitUntil` |
 *
 * Every wait ends after the option `drain`.
 */
export type WorkResult =
  // biome-ignore lint/suspicious/noConfusingVoidType: functions without a return statement
  void | Cleanup | PromiseLike<unknown> | AsyncIterable<unknown> | Observable<unknown>;

/** The values emitted by work that returns `Result`. */
export type WorkValue<Result> =
  Result extends Observable<infer Value>
    ? Value
    : Result extends PromiseLike<infer Resolved>
      ? ResolvedValue<Resolved>
      : Result extends AsyncIterable<infer Value>
        ? Value
        : never;

/** A promise emits its resolved value, unless that value is itself work. */
type ResolvedValue<Resolved> = Resolved extends Observable<unknown> | AsyncIterable<unknown> | Cleanup
  ? WorkValue<Resolved>
  : Resolved;

/** The rule of the error for any other result. */
export const WORK_RULE =
  'must return nothing, a cleanup function, a promise, an async iterable (such as an async generator) or an Observable';

/** Whether `result` is an Observable, also one from another library or another copy of RxJS. */
export const isObservableResult = (result: unknown): result is InteropObservable<unknown> =>
  isObservable(result) ||
  typeof (result as { readonly [key: string | symbol]: unknown } | null | undefined)?.[observable] === 'function';

export const isPromiseResult = (result: unknown): result is PromiseLike<unknown> =>
  typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function';

export const isAsyncIterableResult = (result: unknown): result is AsyncIterable<unknown> =>
  typeof (result as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function';

export const isCleanup = (result: unknown): result is Cleanup => typeof result === 'function';
