import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, map, Observable, of, switchMap, take } from 'rxjs';
import { fails, granted, held, says, silence } from '../support/scripted-store.js';
import { letter, virtually } from '../support/virtual-time.js';

describe('an election', () => {
  it('sends nothing before the first subscription', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      const subscribe = ' 99ms ^ 9ms !';
      const asked = '     99ms a 9ms r';
      const told = '      99ms -L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('shares one candidacy among all subscribers, and a late one receives the current role first, once', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(200), granted(7)] });
      const first = '  ^ 299ms         !';
      const second = ' 50ms ^ 199ms  !';
      const third = '  250ms ^ 99ms      !';
      const asked = '  a 201ms a 147ms   r';
      const told1 = '  -S 201ms L';
      const told2 = '  50ms S 152ms  L';
      const told3 = '  250ms L';
      expectAsked(store).toBe(asked);
      expectTold(election, first).toBe(told1);
      expectTold(election, second).toBe(told2);
      expectTold(election, third).toBe(told3);
    });
  });

  it('emits no past role to a subscriber that joins before the first role', () => {
    virtually(({ candidate, expectTold }) => {
      const { election } = candidate({ acquire: [granted(7, 50)] });
      const first = '  ^ 99ms !';
      const second = ' 20ms ^ 79ms !';
      const told1 = '  50ms L';
      const told2 = '  50ms L';
      expectTold(election, first).toBe(told1);
      expectTold(election, second).toBe(told2);
    });
  });

  it('continues while one subscriber is left, and releases when the last one leaves', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      const first = '  ^ 49ms !';
      const second = ' 9ms ^ 190ms !';
      const asked = '  a 199ms     r';
      expectAsked(store).toBe(asked);
      expectTold(election, first).toBe('-L');
      expectTold(election, second).toBe('9ms L');
    });
  });

  it('starts a new candidacy for the next subscriber, with a new id and the known tokens (G3)', () => {
    const store = virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [granted(7)] });
      const first = '  ^ 49ms !';
      const second = ' 100ms ^ 49ms !';
      const asked = '  a 49ms r 49ms a 49ms r';
      expectAsked(store).toBe(asked);
      expectTold(election, first).toBe('-L');
      expectTold(election, second).toBe('101ms L');
      return store;
    });
    const [first, second] = store.requests.acquire;
    expect(second).toMatchObject({ lastToken: 7 });
    expect(second?.id).not.toBe(first?.id);
  });

  it('waits for the previous release to settle, answered or not', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ release: [says({ status: 'released' }, 30), silence] });
      const first = '  ^ 49ms !';
      const second = ' 60ms ^ 139ms          !';
      const third = '  210ms                  ^ 189ms !';
      const asked = '  a 49ms r 29ms a 119ms r 99ms da 98ms r'; // nobody answered: it reads first
      expectAsked(store).toBe(asked);
      expectTold(election, first).toBe('-L');
      expectTold(election, second).toBe('81ms L');
      expectTold(election, third).toBe('302ms L');
    });
  });

  it('waits for the release however many subscribe meanwhile', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ release: [says({ status: 'released' }, 30)] });
      const first = '  ^ 49ms !';
      const second = ' 60ms ^ 39ms     !';
      const third = '  70ms ^ 29ms     !';
      const asked = '  a 49ms r 29ms a 19ms r';
      expectAsked(store).toBe(asked);
      expectTold(election, first).toBe('-L');
      expectTold(election, second).toBe('81ms L');
      expectTold(election, third).toBe('81ms L');
    });
  });

  it('sends nothing if the subscriber leaves while it waits, and keeps the known tokens (G3)', () => {
    const store = virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({
        acquire: [granted(7)],
        release: [says({ status: 'released' }, 80)],
      });
      const first = '  ^ 49ms !';
      const second = ' 60ms ^ 9ms !';
      const third = '  90ms ^ 99ms !';
      const asked = '  a 49ms r 79ms a 59ms r';
      expectAsked(store).toBe(asked);
      expectTold(election, first).toBe('-L');
      expectTold(election, second).toBe('');
      expectTold(election, third).toBe('131ms L');
      return store;
    });
    expect(store.requests.acquire[1]).toMatchObject({ lastToken: 7 });
  });

  it('starts no candidacy for a subscriber that an operator closed during the subscription', () => {
    virtually(({ candidate, at, expectAsked }) => {
      const { store, election } = candidate();
      expectAsked(store).toBe('');
      at(5, () => {
        const subscription = of(1)
          .pipe(
            switchMap(
              () =>
                new Observable((subscriber) => {
                  subscriber.complete();
                  return election.subscribe(subscriber as never);
                }),
            ),
          )
          .subscribe();
        subscription.unsubscribe();
      });
    });
  });

  it('never errors: it emits failures as transitions', () => {
    virtually(({ candidate, expectTold }) => {
      const { election } = candidate({
        acquire: [
          () => {
            throw new TypeError('a store with a bug');
          },
          fails('STORE_DENIED'),
        ],
      });
      expectTold(election, '^ 999ms !').toBe('F');
    });
  });

  it('is a normal Observable, and resigns as soon as firstValueFrom has its value', async () => {
    const store = virtually(({ candidate, at, expectAsked }) => {
      const { store, election } = candidate();
      expectAsked(store).toBe('9ms ar');
      at(9, () => void firstValueFrom(election.pipe(map(letter))));
      return store;
    });
    expect(store.requests.acquire[0]?.id).toBe(store.requests.release[0]?.id);
  });
});

describe('role, isLeading and term', () => {
  it('are undefined or false before, between and after candidacies', () => {
    virtually(({ candidate, at }) => {
      const { election } = candidate({ acquire: [held(9_999), granted(7)] });
      const state = () => [election.role, election.isLeading, election.term];
      const nothing = [undefined, false, undefined];
      expect(state()).toEqual(nothing);
      const first = election.subscribe();
      expect(state()).toEqual(nothing);
      at(5, () => {
        expect(state()).toEqual(['follower', false, undefined]);
        first.unsubscribe();
        expect(state()).toEqual(nothing);
      });
      at(20, () => {
        const second = election.subscribe();
        at(5, () => {
          expect(state()).toEqual(['leader', true, expect.objectContaining({ token: 7 })]);
          second.unsubscribe();
          expect(state()).toEqual(nothing);
        });
      });
    });
  });

  it('are reset before any subscriber completes', () => {
    const seen = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const seen: unknown[] = [];
      const complete = () => seen.push([election.role, election.isLeading, election.term]);
      election.subscribe({ complete });
      election.subscribe({ complete });
      at(9, () => void election.close());
      return seen;
    });
    const nothing = [undefined, false, undefined];
    expect(seen).toEqual([nothing, nothing]);
  });

  it('agree with the transition inside a callback', () => {
    const lost = { status: 'lost', holder: { id: 'rival/1', expiresIn: 9_999 } } as const;
    const seen = virtually(({ candidate, at }) => {
      const { election } = candidate({ acquire: [fails('STORE_DENIED'), held(100), granted(7)], renew: [says(lost)] });
      const seen: unknown[] = [];
      const subscription = election.subscribe((transition) => {
        const term = transition.role === 'leader' ? transition.term : undefined;
        expect(election.role).toBe(transition.role);
        expect(election.isLeading).toBe(transition.role === 'leader');
        expect(election.term).toBe(term);
        seen.push(letter(transition));
      });
      at(1_699, () => subscription.unsubscribe());
      return seen;
    });
    expect(seen).toEqual(['F', 'S', 'L', 'X']);
  });

  it('change in the order isLeading, signal, role, follower at the end of a term', () => {
    const order = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const order: unknown[] = [];
      election.pipe(take(2)).subscribe((transition) => {
        if (transition.role === 'follower') order.push(['follower', election.role]);
        if (transition.role !== 'leader') return;
        transition.term.signal.addEventListener('abort', () => {
          order.push(['signal', election.isLeading, election.term, election.role]);
        });
      });
      at(9, () => void election.resign());
      return order;
    });
    expect(order).toEqual([
      ['signal', false, undefined, 'leader'],
      ['follower', 'follower'],
    ]);
  });
});
