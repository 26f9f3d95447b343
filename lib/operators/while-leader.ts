import {
  catchError,
  defer,
  EMPTY,
  NEVER,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  switchMap,
  takeWhile,
  throwError,
} from 'rxjs';
import { invalidOption } from '../errors.js';
import { isAlive } from '../stream/term.js';
import type { Term, Transition } from '../stream/transition.js';

// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is to fit, and it returns void
type Project<R> = (term: Term) => ObservableInput<R> | void;

/**
 * Runs `project` for each term of an election, and ends what it started the moment that term ends.
 *
 * Ends it on `term.signal`, not only on the transition that follows: an operator between the election and this one (`take`,
 * `takeUntil`) can keep that transition from arriving. Forwards nothing once the term is over by the clock, even where an event loop that
 * was blocked lets old timers fire first. A promise given by `project` cannot be unsubscribed, so it is handed to
 * `term.waitUntil`: a voluntary exit waits for it before releasing. `project` may return nothing.
 *
 * Work that fails while the term lasts ends the subscription with its error, and so the candidacy if nobody else is subscribed: catch it within
 * `project`, if it is to be tried again. Work that completes does not end the term.
 *
 * Throws an `ElectionError` with code `INVALID_OPTION` where `project` is no function.
 */
export function whileLeader<R = never>(project: Project<R>): OperatorFunction<Transition, R> {
  if (typeof project !== 'function') throw invalidOption('project', 'must be a function of the term', project);
  return switchMap((transition) => (transition.role === 'leader' ? duringTerm(transition.term, project) : EMPTY));
}

const duringTerm = <R>(term: Term, project: Project<R>): Observable<R> =>
  new Observable<R>((subscriber) => {
    if (!isAlive(term)) return subscriber.complete();
    const { signal } = term;
    const stop = () => subscriber.complete();
    signal.addEventListener('abort', stop, { once: true });
    subscriber.add(() => signal.removeEventListener('abort', stop));
    const work = defer(() => {
      const given = project(term);
      if (isPromiseLike(given)) term.waitUntil(given);
      const endedItself = subscriber.closed;
      return given === undefined || endedItself ? NEVER : given;
    });
    work
      .pipe(
        takeWhile(() => isAlive(term)),
        // Work that fails because its time is up, as by `term.assert()`, must not end the candidate's subscription.
        catchError((error: unknown) => (isAlive(term) ? throwError(() => error) : EMPTY)),
      )
      .subscribe(subscriber);
  });

const isPromiseLike = (work: unknown): work is PromiseLike<unknown> =>
  typeof (work as { readonly then?: unknown } | null | undefined)?.then === 'function';
