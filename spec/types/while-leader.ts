// Compiled by `npm run types`, never run. Code that must not compile has a @ts-expect-error, which
// fails if it compiles.
import { interval, type Observable, of } from 'rxjs';
import { type Election, type Term, whileLeader } from '../../lib/index.js';
import type { Equal, Holds } from './equal.js';

export function infers(election: Election): void {
  const fromObservable = election.pipe(whileLeader(() => interval(1_000)));
  const fromPromise = election.pipe(whileLeader(async ({ token }) => `under ${token}`));
  const fromUnion = election.pipe(whileLeader(({ token }) => (token > 5 ? of(1) : of('a'))));
  const fromKinds = election.pipe(whileLeader(({ token }) => (token > 5 ? Promise.resolve(1) : of('a'))));
  const fromCleanup = election.pipe(whileLeader(() => () => 'stopped'));
  const fromPromisedCleanup = election.pipe(whileLeader(async () => () => 'stopped'));
  const fromPromisedObservable = election.pipe(whileLeader(async () => of(new Date())));
  const fromPromisedArray = election.pipe(whileLeader(async () => [1, 2]));
  const fromAsyncNothing = election.pipe(whileLeader(async () => {}));
  const fromGenerator = election.pipe(
    whileLeader(async function* () {
      yield new Date();
    }),
  );
  const fromNothing = election.pipe(whileLeader(() => {}));
  const fromMaybe = election.pipe(
    whileLeader((term) => {
      if (term.token > 5) return of('work');
      return undefined;
    }),
  );
  type _ = [
    Holds<Equal<typeof fromObservable, Observable<number>>>,
    Holds<Equal<typeof fromPromise, Observable<string>>>,
    Holds<Equal<typeof fromUnion, Observable<number | string>>>,
    Holds<Equal<typeof fromKinds, Observable<number | string>>>,
    Holds<Equal<typeof fromCleanup, Observable<never>>>,
    Holds<Equal<typeof fromPromisedCleanup, Observable<never>>>,
    Holds<Equal<typeof fromPromisedObservable, Observable<Date>>>,
    Holds<Equal<typeof fromPromisedArray, Observable<number[]>>>,
    Holds<Equal<typeof fromAsyncNothing, Observable<void>>>,
    Holds<Equal<typeof fromGenerator, Observable<Date>>>,
    Holds<Equal<typeof fromNothing, Observable<never>>>,
    Holds<Equal<typeof fromMaybe, Observable<string>>>,
  ];

  election.pipe(
    whileLeader((term) => {
      type _ = Holds<Equal<typeof term, Term>>;
    }),
  );
}

export function refuses(election: Election, numbers: Observable<number>): void {
  // @ts-expect-error: a number is not valid work
  election.pipe(whileLeader(() => 5));
  // @ts-expect-error: an array is not valid work
  election.pipe(whileLeader(() => [1, 2]));
  // @ts-expect-error: a subscription does not end with the term: return its Observable
  election.pipe(whileLeader(() => numbers.subscribe()));
  // @ts-expect-error: a project takes only the term
  election.pipe(whileLeader((_: Term, index: number) => of(index)));
  // @ts-expect-error: the source must emit transitions
  numbers.pipe(whileLeader(() => of(1)));
  // @ts-expect-error: a project is a function
  election.pipe(whileLeader(of(1)));
}
