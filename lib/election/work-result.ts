import { type InteropObservable, isObservable, type Observable, observable } from 'rxjs';

/** Called at the end of the term. A voluntary exit waits for the promise it returns, if it returns one. */
export type Cleanup = () => unknown;

/**
 * What work may return:
 *
 * | work returns | at the end of the term | a voluntary exit waits for |
 * | --- | --- | --- |
 * | nothing | – | – |
 * | a cleanup function | it is called | the promise it returns, if it returns one |
 * | a promise | `term.signal` has aborted | the promise; this table applies to what it resolves to |
 * | an async iterable (a generator) | `return()` is called, if there is one | the step under way, and `return()` |
 * | an Observable | it is unsubscribed | only what it gives to `term.waitUntil` |
 *
 * Every wait ends after the option `drain`.
 */
export type WorkResult =
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of a function without a return statement
  void | Cleanup | PromiseLike<unknown> | AsyncIterable<unknown> | Observable<unknown>;

/** What work emits that returns `Result`. */
export type WorkValue<Result> =
  Result extends Observable<infer Value>
    ? Value
    : Result extends PromiseLike<infer Resolved>
      ? ResolvedValue<Resolved>
      : Result extends AsyncIterable<infer Value>
        ? Value
        : never;

/** A promise emits what it resolves to, unless that is work itself. */
type ResolvedValue<Resolved> = Resolved extends Observable<unknown> | AsyncIterable<unknown> | Cleanup
  ? WorkValue<Resolved>
  : Resolved;

/** The error for anything else. */
export const WORK_RULE =
  'must return nothing, a cleanup function, a promise, an async iterable (such as an async generator) or an Observable';

/** Whether `result` is an Observable, also one of another library or of another copy of RxJS. */
export const isObservableResult = (result: unknown): result is InteropObservable<unknown> =>
  isObservable(result) ||
  typeof (result as { readonly [key: string | symbol]: unknown } | null | undefined)?.[observable] === 'function';

export const isPromiseResult = (result: unknown): result is PromiseLike<unknown> =>
  typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function';

export const isAsyncIterableResult = (result: unknown): result is AsyncIterable<unknown> =>
  typeof (result as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function';

export const isCleanup = (result: unknown): result is Cleanup => typeof result === 'function';
