// Compiled by `npm run types`, never run. Code that must not compile has a @ts-expect-error, which
// fails if it compiles.
import { Observable } from 'rxjs';
import type { Candidate, Election, Holder, Term, Transition } from '../../lib/index.js';
import type { Equal, Holds } from './equal.js';

export async function election(election: Election): Promise<void> {
  const observable: Observable<Transition> = election;
  const iterable: AsyncIterable<Transition> = election;
  const disposable: AsyncDisposable = election;
  void [observable, iterable, disposable];

  type _ = [
    Holds<Equal<typeof election.role, 'leader' | 'follower' | 'error' | undefined>>,
    Holds<Equal<typeof election.isLeading, boolean>>,
    Holds<Equal<typeof election.term, Term | undefined>>,
    Holds<Equal<typeof election.leaders, Observable<Holder | undefined>>>,
  ];

  const gaveUp: boolean = await election.resign();
  await election.resign({ cooldown: 0 });
  await election.resign({});
  await election.resign({ to: 'web' });
  const nothing: undefined = (await election.close()) as undefined;
  void [gaveUp, nothing];

  for await (const transition of election) {
    type _ = Holds<Equal<typeof transition, Transition>>;
  }

  // @ts-expect-error: ms as a number
  await election.resign({ cooldown: '5s' });
  // @ts-expect-error: only the store grants leadership
  election.isLeading = true;
  // @ts-expect-error: the role is read-only too
  election.role = 'leader';
}

/** Implemented without the library's class: by a fake, or a wrapper. */
export class Fake extends Observable<Transition> implements Election {
  readonly role = 'leader';
  readonly isLeading = true;
  readonly term: Term | undefined = undefined;
  readonly leaders = new Observable<Holder | undefined>();
  resign = async (): Promise<boolean> => false;
  candidates = async (): Promise<Candidate[]> => [];
  close = async (): Promise<void> => {};
  [Symbol.asyncDispose] = this.close;
  [Symbol.asyncIterator](): AsyncIterableIterator<Transition> {
    throw new Error('never run');
  }
}
