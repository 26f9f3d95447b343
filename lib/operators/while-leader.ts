import { EMPTY, from, Observable, type ObservableInput, type OperatorFunction, switchMap } from 'rxjs';
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
 */
export function whileLeader<R = never>(project: Project<R>): OperatorFunction<Transition, R> {
  return switchMap((transition) => (transition.role === 'leader' ? duringTerm(transition.term, project) : EMPTY));
}

const duringTerm = <R>(term: Term, project: Project<R>): Observable<R> =>
  new Observable<R>((subscriber) => {
    if (!isAlive(term)) return subscriber.complete();
    const { signal } = term;
    const stop = () => {
      subscriber.complete();
    };
    signal.addEventListener('abort', stop, { once: true });
    subscriber.add(() => signal.removeEventListener('abort', stop));
    const work = project(term);
    if (work === undefined) return;
    if (isPromiseLike(work)) term.waitUntil(work);
    if (subscriber.closed) return; // `project` itself ended the term
    subscriber.add(
      from(work).subscribe({
        next: (value) => (isAlive(term) ? subscriber.next(value) : stop()),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  });

const isPromiseLike = (work: object): work is PromiseLike<unknown> =>
  'then' in work && typeof work.then === 'function' && !(work instanceof Observable);
