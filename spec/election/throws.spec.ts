import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { config, finalize, map, merge, NEVER, Observable, type OperatorFunction } from 'rxjs';
import type { Notice } from '../../lib/port/lease-store.js';
import { Log } from '../support/log.js';
import { granted, held, type ScriptedStore } from '../support/scripted-store.js';
import { letter, TIMES, virtually } from '../support/virtual-time.js';

const reported: unknown[] = [];

beforeEach(() => {
  reported.length = 0;
  config.onUnhandledError = (error) => reported.push(error);
});
afterEach(() => {
  config.onUnhandledError = null;
});

/**
 * The error that RxJS throws from `unsubscribe()`, and from a `next()` that ends a subscription.
 */
const tornDown = expect.objectContaining({ name: 'UnsubscriptionError', errors: [new Error('a bug in a teardown')] });

const throwing = () => {
  throw new Error('a bug in a teardown');
};

/** Fails at the first value, and again during the teardown. */
const failing: OperatorFunction<unknown, never> = (source) => {
  const fail = map(() => {
    throw new Error('a bug in an operator');
  });
  return merge(NEVER.pipe(finalize(throwing)), source.pipe(fail));
};

/** Fails during its teardown. */
const answered = <T>(answer: Observable<T>): Observable<T> =>
  new Observable((subscriber) => {
    subscriber.add(answer.subscribe(subscriber));
    return throwing;
  });

describe('an error in a teardown is reported as in RxJS, and stops nothing:', () => {
  it('a pipe that fails at a value', () => {
    const lines = virtually(({ candidate, at }) => {
      const { store, election } = candidate();
      const log = new Log(election);
      election.pipe(failing).subscribe({ error: () => log.lines.push('pipe#') });
      log.subscribe('a');
      at(TIMES.renewEvery + 10, () => {
        expect(store.requests.renew).toHaveLength(1);
        expect(reported).toEqual([tornDown]);
        void election.close();
      });
      return log.lines;
    });
    expect(lines).toEqual(['pipe#', 'a:L', 'a:C', 'a|']);
  });

  it('a pipe that fails at a value during the subscription', () => {
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      log.subscribe('a');
      at(9, () => {
        election.pipe(failing).subscribe({ error: () => log.lines.push('pipe#') });
        log.subscribe('b');
      });
      at(10, () => void election.close());
      at(20, () => expect(reported).toEqual([tornDown]));
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'pipe#', 'b:L', 'a:C', 'b:C', 'a|', 'b|']);
  });

  it('a pipe that fails at completion', () => {
    const lines = virtually(({ candidate, expectAsked, at }) => {
      const { store, election } = candidate();
      const log = new Log(election);
      election.pipe(finalize(throwing)).subscribe();
      log.subscribe('a');
      expectAsked(store).toBe('a 8ms r');
      at(9, () => void election.close());
      at(20, () => expect(reported).toEqual([tornDown]));
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:C', 'a|']);
  });

  it('a pipe of leaders', () => {
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      election.leaders.pipe(finalize(throwing)).subscribe({ complete: () => log.lines.push('leaders|') });
      log.subscribe('a');
      at(9, () => void election.close());
      at(20, () => expect(reported).toEqual([tornDown]));
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:C', 'leaders|', 'a|']);
  });

  it('a store that replies', () => {
    const lines = virtually(({ candidate, expectAsked, at }) => {
      const { store, election } = candidate({ acquire: [answered(granted(7))] });
      const log = new Log(election);
      log.subscribe('a');
      expectAsked(store).toBe('a 599ms n 8ms r');
      at(609, () => void election.close());
      at(700, () => expect(reported).toEqual([tornDown]));
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:C', 'a|']);
  });

  it('a store that does not reply, also to concurrent requests', () => {
    virtually(({ candidate, at }) => {
      const script = { acquire: [answered(NEVER)] };
      const { store, election } = candidate(script);
      const others = [1, 2].map((i) => candidate({ acquire: [NEVER] }, { key: `k${i}` }));
      const all = [{ store, election }, ...others];
      const told: string[] = [];
      const stop = merge(...all.map((each) => each.election)).subscribe((each) => told.push(letter(each)));
      at(500, () => {
        expect(all.map((each) => each.store.requests.read.length)).toEqual([1, 1, 1]);
        expect(told).toEqual(['L', 'L', 'L']);
        expect(reported).toEqual([tornDown]);
        stop.unsubscribe();
      });
    });
  });

  it('a store whose notices are unsubscribed', () => {
    const lines = virtually(({ candidate, at }) => {
      const { store, election } = candidate();
      store.notices = () => answered(NEVER);
      const log = new Log(election);
      log.subscribe('a');
      at(9, () => void election.close());
      at(20, () => expect(reported).toEqual([tornDown]));
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:C', 'a|']);
  });
});

describe('an invalid notice of a store', () => {
  it.each<unknown>([
    undefined,
    null,
    'released',
    { kind: 'renamed' },
    { kind: 'elected' },
    { kind: 'elected', holder: { id: 'rival/1' } },
    { kind: 'released' },
    { kind: 'released', id: 'rival/1', successor: 7 },
    { kind: 'cut' },
  ])('is ignored: %j', (notice) => {
    const tell = (store: ScriptedStore) => store.tells.next(notice as Notice);
    virtually(({ candidate, expectAsked, at }) => {
      const { store, election } = candidate({ acquire: [held(9_999)] });
      expectAsked(store).toBe('a 500ms a 9ms r'); // after wait, which it does not shorten
      const told: string[] = [];
      election.subscribe({ next: (each) => told.push(letter(each)), complete: () => told.push('|') });
      at(9, () => tell(store));
      at(505, () => tell(store));
      at(511, () => {
        void election.close();
        expect(told).toEqual(['S', 'L', 'C', '|']);
        expect(reported).toEqual([]);
      });
    });
  });
});
