// Compiled by `npm run types`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
import { interval, type Observable, of } from 'rxjs';
import { type Election, type Term, whileLeader } from '../../lib/index.js';
import type { Equal, Holds } from './equal.js';

export function infers(election: Election): void {
  const fromObservable = election.pipe(whileLeader(() => interval(1_000)));
  const fromPromise = election.pipe(whileLeader(async ({ token }) => `under ${token}`));
  const fromArray = election.pipe(whileLeader(() => [1, 2]));
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
    Holds<Equal<typeof fromArray, Observable<number>>>,
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
  // @ts-expect-error: work is something one can subscribe to
  election.pipe(whileLeader(() => 5));
  // @ts-expect-error: a project takes the term and nothing else
  election.pipe(whileLeader((_: Term, index: number) => [index]));
  // @ts-expect-error: only elections, or transitions, are led
  numbers.pipe(whileLeader(() => of(1)));
  // @ts-expect-error: a project is a function
  election.pipe(whileLeader(of(1)));
}
