import { defer, EMPTY, type OperatorFunction, switchMap } from 'rxjs';
import { invalidOption } from '../port/errors.js';
import { OwnContext } from '../stream/own-context.js';
import type { Term, Transition } from '../stream/transition.js';
import { runWork } from './run-work.js';
import type { WorkResult, WorkValue } from './work-result.js';

/**
 * Runs `project` for each term of an election, and ends the work the moment that term ends.
 *
 * What `project` may return, how that is ended, and what a voluntary exit waits for: see {@link WorkResult}. Anything else is
 * an `ElectionError` with code `INVALID_OPTION` to the subscriber. Emits what Observables and async iterables emit, and what
 * promises resolve to; nothing once the term is over by the clock. Work and cleanup run in the async context
 * (`AsyncLocalStorage`) of the subscription.
 *
 * Work ends on `term.signal`, not only on the transition that follows: an operator between the election and this one
 * (`take`, `takeUntil`) can keep that transition from arriving.
 *
 * Work that fails while its term lasts ends the subscription with its error, and so the candidacy if nobody else is
 * subscribed. Catch the error within `project` to try again. A failure after the end, in cleanup for example, is not
 * reported. Work that completes does not end the term.
 *
 * Throws an `ElectionError` with code `INVALID_OPTION` where `project` is no function.
 *
 * @example
 * election.pipe(whileLeader((term) => {
 *   const server = startServer(term.signal);
 *   return () => server.stop();   // called when the term ends; the lease is released when its promise has settled
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
