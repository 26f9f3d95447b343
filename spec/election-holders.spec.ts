import { describe, expect, it } from '@jest/globals';
import { map } from 'rxjs';
import type { Election } from '../lib/election.js';
import { fails, granted, held, says } from './support/scripted-store.js';
import { LIFETIME, virtually } from './support/virtual-time.js';

/** The holders by their initials: `M`e, a `R`ival, another one `X`, and `N`obody. */
const initials = (election: Election) =>
  election.holders.pipe(map((holder) => (holder?.name ?? 'nobody')[0]?.toUpperCase()));

describe('holders', () => {
  it('starts no candidacy', () => {
    virtually(({ candidate, expectAsked, expectObservable }) => {
      const { store, election } = candidate();
      expectAsked(store).toBe('');
      expectObservable(initials(election)).toBe('N');
    });
  });

  it('shows the leader as soon as this candidate hears of it, itself included, nobody in between and after', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate({ acquire: [held(200), granted(7)] });
      const candidacy = election.subscribe();
      at(300, () => candidacy.unsubscribe());
      expectObservable(initials(election), '^ 399ms !').toBe('NR 201ms M 96ms N');
    });
  });

  it('emits when the id changes and only then', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const other = says({ status: 'held', holder: { id: 'x/1', name: 'x', expiresIn: 9_999 } } as const);
      const { election } = candidate({ acquire: [held(200), held(200), other] });
      const candidacy = election.subscribe();
      at(900, () => candidacy.unsubscribe());
      expectObservable(initials(election), '^ 899ms !').toBe('NR 403ms X 494ms N');
    });
  });

  it('tells a late subscriber at once, with the ms left as of now', () => {
    virtually(({ candidate, at }) => {
      const { election } = candidate({ acquire: [held(400)] });
      const candidacy = election.subscribe();
      at(101, () => {
        const seen: unknown[] = [];
        const subscription = election.holders.subscribe((holder) => seen.push(holder));
        subscription.unsubscribe();
        expect(seen).toEqual([{ id: 'rival/1', name: 'rival', token: 41, expiresIn: 300 }]);
        candidacy.unsubscribe();
      });
    });
  });

  it('counts one’s own lease from its last renewal, and none below 0', () => {
    virtually(({ candidate, clock, at, stall }) => {
      const { election } = candidate({}, { clock, data: 'http://me' });
      const candidacy = election.subscribe();
      const expectLeft = (ms: number) => {
        let seen: unknown;
        election.holders
          .subscribe((holder) => {
            seen = holder;
          })
          .unsubscribe();
        expect(seen).toEqual({
          id: election.term?.id ?? expect.any(String),
          name: 'me',
          data: 'http://me',
          token: 1,
          expiresIn: ms,
        });
      };
      at(500, () => expectLeft(1_520));
      at(5_000, () => {
        expectLeft(2_020 - 200);
        stall(LIFETIME + 999);
        expectLeft(0);
        candidacy.unsubscribe();
      });
    });
  });

  it('shows nobody from a resignation on, and after a failure, a loss, or a deadline', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate({
        acquire: [granted(1), granted(2), fails('STORE_DENIED'), granted(3)],
        renew: [says({ status: 'lost' } as const)],
      });
      const candidacy = election.subscribe();
      at(700, () => void election.stepDown({ cooldown: 50 }));
      at(1_400, () => candidacy.unsubscribe());
      // granted at 1, lost at 601, granted at 602, resigned at 700, denied at 752, granted at 1253, left at 1400
      expectObservable(initials(election), '^ 1499ms !').toBe('NM 599ms NM 97ms N 552ms M 146ms N');
    });
  });

  it('completes on close, for late subscribers too', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate();
      at(0, () => election.subscribe());
      at(100, () => void election.close());
      expectObservable(initials(election)).toBe('NM 98ms (N|)');
      expectObservable(initials(election), '150ms ^').toBe('150ms (N|)');
    });
  });

  it('completes on close also when nobody stands', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const { election } = candidate();
      at(100, () => void election.close());
      expectObservable(initials(election)).toBe('N 99ms |');
    });
  });

  it('completes when the signal aborts, standing or not', () => {
    virtually(({ candidate, at, expectObservable }) => {
      const controller = new AbortController();
      const { election } = candidate({}, { signal: controller.signal });
      at(100, () => controller.abort());
      expectObservable(initials(election)).toBe('N 99ms |');
      expectObservable(initials(election), '150ms ^').toBe('150ms (N|)');
    });
  });
});
