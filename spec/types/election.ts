// Compiled by `npm run types`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
import type { Observable } from 'rxjs';
import type { Election, Holder, Term, Transition } from '../../lib/index.js';
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
  const nothing: undefined = (await election.close()) as undefined;
  void [gaveUp, nothing];

  for await (const transition of election) {
    type _ = Holds<Equal<typeof transition, Transition>>;
  }

  // @ts-expect-error: ms as a number
  await election.resign({ cooldown: '5s' });
  // @ts-expect-error: leadership is the store's to give
  election.isLeading = true;
  // @ts-expect-error: so is the role
  election.role = 'leader';
}
