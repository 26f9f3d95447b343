import { defer, EMPTY, type OperatorFunction, switchMap } from 'rxjs';
import { invalidOption } from '../port/errors.js';
import { OwnContext } from '../stream/own-context.js';
import type { Term, Transition } from '../stream/transition.js';
import { runWork } from './run-work.js';
import type { WorkResult, WorkValue } from './work-result.js';

/**
 * Runs `project` for each term of an election, and ends the work the moment that term ends.
 *
 * {@link WorkResult} lists what `project` may return, how each result ends, and what a voluntary
 * exit awaits. Any other result makes the subscription fail with an `ElectionError` with code
 * `INVALID_OPTION`.
 *
 * Emits what Observables and async iterables emit, and what promises resolve to. Emits nothing once
 * the term is over by the clock. Work and cleanup run in the async context (`AsyncLocalStorage`) of
 * the subscription.
 *
 * Work ends on `term.signal`, not only on the transition that follows: an operator between the
 * election and this one (`take`, `takeUntil`) can keep that transition from arriving.
 *
 * An error of the work during its term ends the subscription, and also the candidacy if nobody else
 * is subscribed. Catch errors within `project` to try again. An error after the end, such as one of
 * a cleanup, is ignored. Work that completes does not end the term.
 *
 * Throws an `ElectionError` with code `INVALID_OPTION` if `project` is not a function.
 *
 * @example
 * election.pipe(whileLeader((term) => {
 *   const server = startServer(term.signal);
 *   // Called when the term ends. The lease is released when the returned promise has settled.
 *   return () => server.stop();
 * })).subscribe();
 */
export function whileLeader<Result extends WorkResult>(
  project: (term: Term) => Result,
): OperatorFunction<Transition, WorkValue<Result>> {
  if (typeof project !== 'function') throw invalidOption('project', 'must be a function of the term', project);
  return (transitions) =>
    defer(() => {
      const context = new OwnContext();
      return transitions.pipe(
        switchMap((transition) =>
          transition.role === 'leader' ? runWork(project, transition.term, { context }) : EMPTY,
        ),
      );
    });
}
