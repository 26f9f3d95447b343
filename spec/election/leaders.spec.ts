import { describe, expect, it } from '@jest/globals';
import { map } from 'rxjs';
import type { Election } from '../../lib/election/election.js';
import type { Holder } from '../../lib/port/lease-store.js';
import { fails, granted, held, says, silence } from '../support/scripted-store.js';
import { LIFETIME, virtually } from '../support/virtual-time.js';

/** The initials of the holders: `M`e, a `R`ival, another `X`, and `N`obody. */
const initials = (election: Election) =>
  election.leaders.pipe(map((holder) => (holder?.name ?? 'nobody')[0]?.toUpperCase()));

/** The value that a new subscriber receives at once. */
function holderOf(election: Election): Holder | undefined {
  let seen: Holder | undefined;
  election.leaders
    .subscribe((holder) => {
      seen = holder;
    })
    .unsubscribe();
  return seen;
}

describe('leaders', () => {
  it('starts no candidacy', () => {
    virtually(({ candidate, expectAsked, expectObservable }) => {
      const { store, election } = candidate();
      expectAsked(store).toBe('');
      expectObservable(initials(election)).toBe('N');
    });
  });

  it('emits the leader as soon as this candidate learns of it, itself included, and nobody in between and after', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate({ acquire: [held(200), granted(7)] });
      const candidacy = election.subscribe();
      at(300, () => candidacy.unsubscribe());
      expectObservable(initials(election), '^ 399ms !').toBe('NR 201ms M 96ms N');
    });
  });

  it('emits exactly when the id changes', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const other = says({ status: 'held', holder: { id: 'x/1', name: 'x', expiresIn: 9_999 } } as const);
      const { election } = candidate({ acquire: [held(200), held(200), other] });
      const candidacy = election.subscribe();
      at(900, () => candidacy.unsubscribe());
      expectObservable(initials(election), '^ 899ms !').toBe('NR 403ms X 494ms N');
    });
  });

  it('emits to a late subscriber at once, with the current ms left, at least 0', () => {
    virtually(({ candidate, at }) => {
      const { election } = candidate({ acquire: [held(400), silence] });
      const candidacy = election.subscribe();
      const rival = { id: 'rival/1', name: 'rival', token: 41 };
      at(101, () => expect(holderOf(election)).toEqual({ ...rival, expiresIn: 300 }));
      at(450, () => expect(holderOf(election)).toEqual({ ...rival, expiresIn: 0 }));
      at(451, () => candidacy.unsubscribe());
    });
  });

  it('counts its own lease from the last renewal', () => {
    virtually(({ candidate, at }) => {
      const { election } = candidate({}, { data: 'http://me' });
      const candidacy = election.subscribe();
      const me = () => ({ id: election.term?.id, name: 'me', data: 'http://me', token: 1 });
      at(500, () => expect(holderOf(election)).toEqual({ ...me(), expiresIn: 2_020 - 500 }));
      at(5_000, () => expect(holderOf(election)).toEqual({ ...me(), expiresIn: 2_020 - 200 }));
      at(5_001, () => candidacy.unsubscribe());
    });
  });

  it('emits nobody after a resignation, a failure, a loss, or a deadline', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate({
        acquire: [granted(1), granted(2), fails('STORE_DENIED'), granted(3)],
        renew: [says({ status: 'lost' } as const)],
      });
      const candidacy = election.subscribe();
      at(700, () => void election.resign({ cooldown: 50 }));
      at(1_400, () => candidacy.unsubscribe());
      // Granted at 1, lost at 601, granted at 602, resigned at 700, denied at 752, granted at 1253,
      // left at 1400.
      expectObservable(initials(election), '^ 1499ms !').toBe('NM 599ms NM 97ms N 552ms M 146ms N');
    });
  });

  it('emits no end of a term before the transition, or before the signal without a subscriber (G2)', () => {
    const order = virtually(({ candidate, clock, at, stall }) => {
      const { election } = candidate({}, { clock });
      const order: string[] = [];
      const holders = election.leaders.subscribe((holder) => order.push(`holder ${holder?.name}`));
      const candidacy = election.subscribe((transition) => {
        order.push(transition.role);
        if (transition.role !== 'leader') return;
        transition.term.signal.addEventListener('abort', () => order.push('signal'));
      });
      at(10, () => stall(LIFETIME));
      at(700, () => candidacy.unsubscribe());
      at(701, () => holders.unsubscribe());
      return order;
    });
    const term = ['leader', 'holder me', 'signal'];
    expect(order).toEqual(['holder undefined', ...term, 'follower', 'holder undefined', ...term, 'holder undefined']);
  });

  it('checks the clock before it emits this candidate (G2)', () => {
    virtually(({ candidate, clock, at, stall }) => {
      const { election } = candidate({ release: [silence], read: [silence] }, { clock });
      const candidacy = election.subscribe();
      at(10, () => {
        stall(LIFETIME);
        expect([holderOf(election), election.role]).toEqual([undefined, 'follower']);
        candidacy.unsubscribe();
      });
    });
  });

  it.each([
    ['role', (election: Election, block: () => void) => election.subscribe(({ role }) => role === 'leader' && block())],
    ['leaders', (election: Election, block: () => void) => election.leaders.subscribe((holder) => holder && block())],
  ])('checks the clock again behind a subscriber of %s that blocks past the deadline (G2)', (_, subscribe) => {
    virtually(({ candidate, clock, at, stall, expectObservable }) => {
      const { election } = candidate({ release: [silence], read: [silence] }, { clock });
      const blocking = subscribe(election, () => stall(LIFETIME));
      expectObservable(initials(election), '^ 98ms !').toBe('N');
      const candidacy = election.subscribe();
      at(99, () => {
        candidacy.unsubscribe();
        blocking.unsubscribe();
      });
    });
  });

  it('completes on close, also for late subscribers', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate();
      at(0, () => election.subscribe());
      at(100, () => void election.close());
      expectObservable(initials(election)).toBe('NM 98ms (N|)');
      expectObservable(initials(election), '150ms ^').toBe('150ms (N|)');
    });
  });

  it('completes on a close inside a callback, after the transition', () => {
    const order = virtually(({ candidate }) => {
      const { election } = candidate();
      const order: string[] = [];
      election.leaders.subscribe({ complete: () => order.push('leaders complete') });
      election.subscribe({
        next: ({ role }) => {
          order.push(role);
          void election.close();
        },
        complete: () => order.push('complete'),
      });
      return order;
    });
    expect(order).toEqual(['leader', 'follower', 'leaders complete', 'complete']);
  });

  it('emits nobody to a subscriber after a close inside a callback, and then completes', () => {
    const order = virtually(({ candidate }) => {
      const { election } = candidate();
      const order: string[] = [];
      election.subscribe(({ role }) => {
        order.push(role);
        if (role !== 'leader') return;
        void election.close();
        election.leaders.subscribe({
          next: (holder) => order.push(holder?.name ?? 'nobody'),
          complete: () => order.push('leaders complete'),
        });
      });
      return order;
    });
    expect(order).toEqual(['leader', 'nobody', 'follower', 'leaders complete']);
  });

  it('completes on close without a candidacy', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate();
      at(100, () => void election.close());
      expectObservable(initials(election)).toBe('N 99ms |');
    });
  });

  it('completes at once if the signal aborted without a subscriber', () => {
    virtually(({ candidate, expectObservable }) => {
      const { election } = candidate({}, { signal: AbortSignal.abort() });
      expectObservable(initials(election)).toBe('(N|)');
    });
  });

  it('completes when the signal aborts, with or without a candidacy', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const controller = new AbortController();
      const { election } = candidate({}, { signal: controller.signal });
      at(100, () => controller.abort());
      expectObservable(initials(election)).toBe('N 99ms |');
      expectObservable(initials(election), '150ms ^').toBe('150ms (N|)');
    });
  });
});
