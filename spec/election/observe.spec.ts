import { describe, expect, it } from '@jest/globals';
import { config, finalize, map, type Observable, Subject } from 'rxjs';
import { observe } from '../../lib/election/observe.js';
import type { Holder, Notice, ReadReply, ReadRequest } from '../../lib/port/lease-store.js';
import { type Answer, fails, ScriptedStore, says, silence } from '../support/scripted-store.js';
import { virtually } from '../support/virtual-time.js';

const by = (id: string, expiresIn = 100) => says({ status: 'held', holder: { id, expiresIn } } as const);
const free = says({ status: 'free' } as const);

/**
 * Observes a store with these replies, every `every` ms. Holders are shown by their ids, and nobody
 * as `N`.
 */
function watching(read: ReadonlyArray<Answer<ReadRequest, ReadReply>>, every?: number) {
  const store = new ScriptedStore({ read });
  const holders = observe({ store, key: 'k', ...(every !== undefined && { every }) });
  return { store, ids: holders.pipe(map((holder: Holder | undefined) => holder?.id ?? 'N')) };
}

describe('observe', () => {
  it('emits the leader at once, then when the id changes, and nobody without a leader', () => {
    virtually(({ expectAsked, expectObservable }) => {
      const { store, ids } = watching([by('a'), by('a', 90), by('b'), free, free, by('a')], 10);
      const subscribe = '^ 59ms                        !';
      const asked = '    d 9ms d 9ms d 9ms d 9ms d 9ms d';
      const expected = ' -a 19ms      b 9ms N 19ms     a';
      expectAsked(store).toBe(asked);
      expectObservable(ids, subscribe).toBe(expected);
    });
  });

  it('emits nobody at once', () => {
    virtually(({ expectObservable }) => {
      const { ids } = watching([free, by('a')], 10);
      expectObservable(ids, '^ 19ms !').toBe('-N 9ms a');
    });
  });

  it('emits all that is known of the holder', () => {
    virtually(({ expectObservable }) => {
      const holder = { id: 'a', name: 'other', data: 'http://other', token: 7, expiresIn: 50 };
      const store = new ScriptedStore({ read: [says({ status: 'held', holder })] });
      expectObservable(observe({ store, key: 'k' }), '^ 19ms !').toBe('-a', { a: holder });
    });
  });

  it('reads every 5 s by default, and sends nothing before a subscription', () => {
    virtually(({ expectAsked, expectObservable }) => {
      const { store, ids } = watching([]);
      const subscribe = '99ms ^ 10000ms       !';
      const asked = '    99ms d 4999ms d 4999ms d';
      expectAsked(store).toBe(asked);
      expectObservable(ids, subscribe).toBe('99ms -N');
    });
  });

  it('starts no candidacy: it only reads', () => {
    virtually(({ expectObservable, at }) => {
      const { store, ids } = watching([by('a')], 10);
      expectObservable(ids, '^ 29ms !').toBe('-a 9ms N');
      at(40, () =>
        expect(store.requests).toMatchObject({ acquire: [], renew: [], release: [], read: [{ key: 'k' }, {}, {}] }),
      );
    });
  });

  it('stops reading on unsubscription, also during a read (G6)', () => {
    virtually(({ expectAsked, expectObservable, expectSubscriptions }) => {
      const { store, ids } = watching([free, silence], 100);
      expectAsked(store).toBe('d 99ms d');
      expectObservable(ids, '^ 119ms !').toBe('-N');
      expectSubscriptions(store.spans.read).toBe(['^!', '100ms ^ 19ms !']);
    });
  });

  it('errors with an ElectionError when the store fails, and continues on a new subscription', () => {
    virtually(({ expectObservable }) => {
      const { ids } = watching([fails('STORE_DENIED'), free]);
      const denied = expect.objectContaining({ name: 'ElectionError', code: 'STORE_DENIED' });
      expectObservable(ids).toBe('-#', undefined, denied);
      expectObservable(ids, '10ms ^ 9ms !').toBe('11ms N');
    });
  });

  it.each([
    [5_000, 1_000],
    [400, 400],
  ])('errors when a read is not answered: with every = %d after %d ms', (every, timeout) => {
    virtually(({ expectObservable }) => {
      const { ids } = watching([silence], every);
      const late = expect.objectContaining({ code: 'STORE_TIMEOUT' });
      expectObservable(ids).toBe(`${timeout}ms #`, undefined, late);
    });
  });

  it('has one read in flight at a time, and one more for all notices meanwhile', () => {
    virtually(({ at, expectAsked, expectObservable }) => {
      const { store, ids } = watching(
        [
          says({ status: 'held', holder: { id: 'a', expiresIn: 100 } } as const, 15),
          says({ status: 'free' } as const, 15),
        ],
        100,
      );
      for (const frame of [2, 3, 3, 4]) at(frame, () => store.tells.next({ kind: 'released', id: 'a' }));
      expectAsked(store).toBe('d 14ms d');
      expectObservable(ids, '^ 49ms !').toBe('15ms a 14ms N');
    });
  });

  it('limits a flood of notices to one read in 10 ms', () => {
    virtually(({ at, expectAsked, expectObservable }) => {
      const look = says({ status: 'free' } as const, 5);
      const { store, ids } = watching(Array(9).fill(look), 1_000);
      for (let frame = 1; frame < 21; frame++) {
        for (let times = 0; times < 50; times++) at(frame, () => store.tells.next({ kind: 'released', id: 'a' }));
      }
      expectAsked(store).toBe('d 9ms d 9ms d');
      expectObservable(ids, '^ 99ms !').toBe('-----N');
      at(50, () =>
        expect(
          store.spans.read.every((span, i, all) => span.subscribedFrame >= (all[i - 1]?.unsubscribedFrame ?? 0)),
        ).toBe(true),
      );
    });
  });

  it.each<Notice>([
    { kind: 'connected' },
    { kind: 'listening' },
    { kind: 'elected', holder: { id: 'forged', expiresIn: 100 } },
    { kind: 'released', id: 'forged' },
  ])('reads at once on the notice $kind, and trusts the reply', (notice) => {
    virtually(({ at, expectAsked, expectObservable }) => {
      const { store, ids } = watching([free, by('a')]);
      at(50, () => store.tells.next(notice));
      expectAsked(store).toBe('d 49ms d');
      expectObservable(ids, '^ 99ms !').toBe('-N 49ms a');
    });
  });

  it.each([undefined, { kind: 'cut' }])('ignores an invalid notice, and receives the next: %p', (nonsense) => {
    virtually(({ at, expectAsked, expectObservable }) => {
      const { store, ids } = watching([free, by('a')]);
      at(20, () => store.tells.next(nonsense as unknown as Notice));
      at(50, () => store.tells.next({ kind: 'listening' }));
      expectAsked(store).toBe('d 49ms d');
      expectObservable(ids, '^ 99ms !').toBe('-N 49ms a');
    });
  });

  it('reports an error in a subscriber’s teardown as RxJS does, and keeps it from the store', () => {
    const reported: unknown[] = [];
    config.onUnhandledError = (error) => reported.push(error);
    let thrown: unknown;
    virtually(({ at }) => {
      const answers = new Subject<ReadReply>();
      const { ids } = watching([answers]);
      const throwing = finalize(() => {
        throw new Error('a bug in a teardown');
      });
      ids.pipe(throwing).subscribe({ error: () => {} });
      at(1, () => {
        try {
          answers.error(new Error('out of order'));
        } catch (error) {
          thrown = error;
        }
      });
      at(9, () => expect(reported).toEqual([expect.objectContaining({ name: 'UnsubscriptionError' })]));
    });
    config.onUnhandledError = null;
    expect(thrown).toBeUndefined();
  });

  it('does not read on the notice deaf', () => {
    virtually(({ at, expectAsked, expectObservable }) => {
      const { store, ids } = watching([]);
      at(50, () => store.tells.next({ kind: 'deaf' }));
      expectAsked(store).toBe('d');
      expectObservable(ids, '^ 99ms !').toBe('-N');
    });
  });

  it('uses the store’s forElection, if it has one', () => {
    virtually(({ at, expectAsked, expectObservable }) => {
      const own = new ScriptedStore({ read: [free, by('a')] });
      const store = Object.assign(new ScriptedStore(), { forElection: () => own });
      const ids = observe({ store, key: 'k' }).pipe(map((holder) => holder?.id ?? 'N'));
      at(50, () => own.tells.next({ kind: 'listening' }));
      expectAsked(own).toBe('d 49ms d');
      expectAsked(store).toBe('');
      expectObservable(ids, '^ 99ms !').toBe('-N 49ms a');
    });
  });

  it('subscribes to notices for as long as it is subscribed', () => {
    virtually(({ at, expectObservable }) => {
      const { store, ids } = watching([]);
      expectObservable(ids, '^ 99ms !').toBe('-N');
      at(99, () => expect(store.tells.observed).toBe(true));
      at(101, () => expect(store.tells.observed).toBe(false));
    });
  });

  it('works without notices, if there are none or they fail', () => {
    virtually(({ at, expectObservable }) => {
      const { store, ids } = watching([free, by('a')], 60);
      at(50, () => store.tells.error(new Error('no more notices')));
      expectObservable(ids, '^ 99ms !').toBe('-N 59ms a');
    });
    virtually(({ expectObservable }) => {
      const verb = () => free as Observable<never>;
      const store = { acquire: verb, renew: verb, release: verb, read: verb };
      expectObservable(observe({ store, key: 'k' }), '^ 99ms !').toBe('-N', { N: undefined });
    });
  });

  it.each<[string, object]>([
    ['key', { store: new ScriptedStore(), key: '' }],
    ['key', { store: new ScriptedStore(), key: '\ud83d' }],
    ['key', { store: new ScriptedStore() }],
    ['every', { store: new ScriptedStore(), key: 'k', every: 0 }],
    ['every', { store: new ScriptedStore(), key: 'k', every: 1.5 }],
    ['store', { store: {}, key: 'k' }],
    ['store', { store: new ScriptedStore(), redis: {}, key: 'k' }],
    ['redis', { key: 'k' }],
  ])('throws INVALID_OPTION for a wrong %s: %j', (option, options) => {
    const wrong = expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`"${option}"`) });
    expect(() => observe(options as never)).toThrow(wrong);
  });
});
