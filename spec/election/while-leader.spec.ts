import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { finalize, from, interval, map, merge, NEVER, of, Subscription, take, takeUntil, tap, timer } from 'rxjs';
import { whileLeader } from '../../lib/election/while-leader.js';
import type { Term } from '../../lib/stream/transition.js';
import { fails, granted, held, says, silence } from '../support/scripted-store.js';
import { LIFETIME, virtually } from '../support/virtual-time.js';

const lost = says({ status: 'lost' } as const);

describe('whileLeader', () => {
  it('runs the project for each term, and unsubscribes it when the term ends', () => {
    virtually(({ candidate, cold, expectObservable, expectSubscriptions }) => {
      const { election } = candidate({ acquire: [granted(1), held(99), granted(2)], renew: [lost] });
      const work = cold('      ---a---b---');
      const subscribe = '      ^ 799ms                             !';
      const expected = '       ----a---b 697ms a---b';
      const subscribed = ['    -^ 599ms !', '703ms ^ 96ms !'];
      expectObservable(election.pipe(whileLeader(() => work)), subscribe).toBe(expected);
      expectSubscriptions(work.subscriptions).toBe(subscribed);
    });
  });

  it('passes the term to the project', () => {
    virtually(({ candidate, expectObservable }) => {
      const { election } = candidate({ acquire: [granted(7)] });
      const tokens = election.pipe(whileLeader(({ token }) => of(token)));
      expectObservable(tokens, '^ 99ms !').toBe('-a', { a: 7 });
    });
  });

  it('does nothing for follower and error', () => {
    virtually(({ candidate, expectObservable }) => {
      const { election } = candidate({ acquire: [held(99), fails('STORE_DENIED')] });
      expectObservable(election.pipe(whileLeader(() => of('work'))), '^ 299ms !').toBe('');
    });
  });

  it('continues with the next term when the work of one has completed', () => {
    virtually(({ candidate, expectObservable }) => {
      const { election } = candidate({ renew: [lost] });
      expectObservable(election.pipe(whileLeader(() => of('w'))), '^ 699ms !').toBe('-w 600ms w');
    });
  });

  it('completes with the election, after the work has ended', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate();
      at(100, () => void election.close());
      expectObservable(election.pipe(whileLeader(() => NEVER))).toBe('100ms |');
    });
  });

  it('accepts a project that returns nothing, and does not treat it as completed work', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate();
      const terms: Term[] = [];
      at(100, () => void election.close());
      const work = election.pipe(
        whileLeader((term) => {
          terms.push(term);
        }),
      );
      expectObservable(work).toBe('100ms |');
      at(99, () => expect(terms).toEqual([election.term]));
    });
  });
});

describe('whileLeader, at the end of a term', () => {
  it('ends the work on the signal if an operator in between stops the transition (G7)', () => {
    virtually(({ candidate, cold, at, expectAsked, expectObservable, expectSubscriptions }) => {
      const { store, election } = candidate();
      const work = cold('  a-a-a-a-a-a-a');
      const stop = cold('  -----s');
      const expected = '   -a-a-';
      const subscribed = ' -^---!';
      expectAsked(store).toBe('a----r');
      expectObservable(
        election.pipe(
          takeUntil(stop),
          whileLeader(() => work),
        ),
        '^ 9ms !',
      ).toBe(`${expected}|`);
      expectSubscriptions(work.subscriptions).toBe(subscribed);
      at(6, () => expect(election.isLeading).toBe(false));
    });
  });

  it('starts no work after take(1), which resigns at the first transition', () => {
    virtually(({ candidate, cold, expectAsked, expectObservable, expectSubscriptions }) => {
      const { store, election } = candidate();
      const work = cold('---a');
      expectAsked(store).toBe('ar');
      expectObservable(
        election.pipe(
          take(1),
          whileLeader(() => work),
        ),
      ).toBe('-|');
      expectSubscriptions(work.subscriptions).toBe('-(^!)');
    });
  });

  it('tears the work down before the lease is released (G7)', () => {
    const order = virtually(({ candidate, at }) => {
      const { store, election } = candidate();
      const order: string[] = [];
      store.asked.subscribe(({ verb }) => order.push(verb));
      const work = () => NEVER.pipe(finalize(() => order.push('torn down')));
      const subscription = election.pipe(whileLeader(work)).subscribe();
      at(9, () => subscription.unsubscribe());
      return order;
    });
    expect(order).toEqual(['acquire', 'torn down', 'release']);
  });

  it('forwards nothing past the deadline, though older timers fire first (G2)', () => {
    virtually(({ candidate, clock, at, stall, expectObservable, expectTold }) => {
      const { election } = candidate({ release: [silence] }, { clock });
      at(100, () => stall(LIFETIME + 50));
      const work = election.pipe(whileLeader(() => interval(20).pipe(map(() => 'w'))));
      // The end is detected at 102. On waking, the work's own timer is due first.
      expectObservable(work, '^ 150ms !').toBe('21ms w 19ms w 19ms w 19ms w');
      expectTold(election, '^ 150ms !').toBe('-L 100ms T');
    });
  });

  it('does not start work for a term that is already over by the clock', () => {
    virtually(({ candidate, clock, at, stall, expectObservable }) => {
      const { election } = candidate({ release: [silence], read: [silence] }, { clock });
      const first = election.subscribe(({ role }) => role === 'leader' && stall(LIFETIME));
      let started = 0;
      const project = () => {
        started += 1;
        return of('w');
      };
      expectObservable(election.pipe(whileLeader(project)), '^ 98ms !').toBe('');
      at(99, () => {
        first.unsubscribe();
        expect(started).toBe(0);
      });
    });
  });

  it('treats a failure past the deadline as the end of the work: the candidacy continues (G2)', () => {
    virtually(({ candidate, clock, at, stall, expectObservable }) => {
      const { election } = candidate({ release: [silence], read: [silence] }, { clock });
      at(100, () => stall(LIFETIME));
      const work = (term: Term) =>
        interval(40).pipe(
          tap(() => term.assert()),
          map(() => 'w'),
        );
      expectObservable(election.pipe(whileLeader(work)), '^ 700ms !').toBe('41ms w 39ms w');
    });
  });

  it('does the same for a project that outlives its term', () => {
    virtually(({ candidate, clock, stall, expectObservable }) => {
      const { election } = candidate({ release: [silence], read: [silence] }, { clock });
      const work = (term: Term) => {
        stall(LIFETIME);
        term.assert();
        return of('w');
      };
      expectObservable(election.pipe(whileLeader(work)), '^ 99ms !').toBe('');
    });
  });

  it('does not start work whose project has ended the term itself', () => {
    virtually(({ candidate, cold, at, expectObservable }) => {
      const { election } = candidate();
      const work = cold('a');
      const project = () => {
        void election.close();
        return work;
      };
      expectObservable(election.pipe(whileLeader(project))).toBe('-|');
      at(9, () => expect(work.subscriptions).toEqual([]));
    });
  });

  it('removes its listener from the signal when the work completes before the term (G6)', () => {
    virtually(({ candidate, at }) => {
      const { election } = candidate();
      const listeners = () => getEventListeners(election.term?.signal as AbortSignal, 'abort').length;
      const subscription = election.pipe(whileLeader(() => timer(10))).subscribe();
      at(5, () => expect(listeners()).toBe(1));
      at(99, () => {
        expect(listeners()).toBe(0);
        subscription.unsubscribe();
      });
    });
  });
});

describe('whileLeader, with work that fails', () => {
  it('errors and ends the candidacy in order: signal, then release (G7)', () => {
    virtually(({ candidate, at, expectAsked, expectObservable }) => {
      const { store, election } = candidate();
      const failure = new Error('work with a bug');
      let term: Term | undefined;
      expectAsked(store).toBe('a 50ms r');
      const work = (given: Term) => {
        term = given;
        return merge(of('w'), timer(50).pipe(map(() => raise(failure))));
      };
      expectObservable(election.pipe(whileLeader(work))).toBe('-w 49ms #', undefined, failure);
      at(60, () => expect([term?.signal.aborted, election.isLeading]).toEqual([true, false]));
    });
  });

  it('does the same when the project throws', () => {
    virtually(({ candidate, expectAsked, expectObservable }) => {
      const { store, election } = candidate();
      const failure = new Error('a project with a bug');
      expectAsked(store).toBe('ar');
      expectObservable(election.pipe(whileLeader(() => raise(failure)))).toBe('-#', undefined, failure);
    });
  });

  it.each<[string, unknown, string]>([
    ['null', null, 'received null'],
    ['a number', 5, 'received 5'],
    ['a string', 'work', 'received "work"'],
    ['an array', [1, 2], 'received an array of 2'],
    ['a plain iterable', new Set([1]), 'received an object (Set)'],
    ['a subscription', new Subscription(), 'received an object (Subscription)'],
  ])('errors when the project returns %s, and lists the valid results', (_, result, received) => {
    virtually(({ candidate, expectAsked, expectObservable }) => {
      const { store, election } = candidate();
      expectAsked(store).toBe('ar');
      const rule =
        'must return nothing, a cleanup function, a promise, an async iterable (such as an async generator) or an Observable';
      const error = expect.objectContaining({
        code: 'INVALID_OPTION',
        message: `Invalid option "work": ${rule}; ${received}`,
      });
      expectObservable(election.pipe(whileLeader(() => result as never))).toBe('-#', undefined, error);
    });
  });
});

describe('whileLeader, with endless synchronous work', () => {
  it('stops where take does', () => {
    let given = 0;
    virtually(({ candidate, expectObservable }) => {
      const { election } = candidate();
      function* numbers() {
        for (;;) yield `${++given}`;
      }
      expectObservable(
        election.pipe(
          whileLeader(() => from(numbers())),
          take(3),
        ),
      ).toBe('-(123|)');
    });
    expect(given).toBeLessThanOrEqual(4);
  });
});

function raise(error: Error): never {
  throw error;
}
