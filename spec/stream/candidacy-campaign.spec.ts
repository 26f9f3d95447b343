import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Notice } from '../../lib/port/lease-store.js';
import { fails, granted, held, says, silence } from '../support/scripted-store.js';
import { LIFETIME, virtually } from '../support/virtual-time.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a follower', () => {
  it('tries again when the known lease expires, or after wait if that comes first, and leads once it is granted', () => {
    virtually(({ candidate, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [held(200), held(9_999), granted(7)] });
      const subscribe = ' ^ 709ms                !';
      const asked = '     a 201ms a 500ms a 6ms r';
      const told = '      -S 702ms         L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
      expectSubscriptions(store.spans.acquire).toBe(['^!', '202ms ^!', '703ms ^!']);
    });
  });

  it('adds jitter to scheduled attempts, not to the first', () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(200), held(9_999), held(9_999)] }, { jitter: 40 });
      const subscribe = ' ^ 749ms          !';
      const asked = '     a 221ms a 520ms a';
      const told = '      -S';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('emits standby once, whoever leads', () => {
    virtually(({ candidate, expectTold }) => {
      const suspect = says({ status: 'suspect', wait: 100 } as const);
      const { election } = candidate({ acquire: [held(200), suspect, held(200), held(9_999)] });
      const subscribe = ' ^ 900ms !';
      const told = '      -S';
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('tries at once when the store is connected again, without waiting for its timer', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(9_999), held(9_999)] });
      at(100, () => store.tells.next({ kind: 'connected' }));
      const subscribe = ' ^ 600ms        !';
      const asked = '     a 99ms a -----';
      const told = '      -S';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('is subscribed to the store from its start to its end, through a cooldown too (G6)', () => {
    virtually(({ candidate, at }) => {
      const { store, election } = candidate();
      expect(store.tells.observed).toBe(false);
      const candidacy = election.subscribe();
      expect(store.tells.observed).toBe(true);
      at(9, () => void election.resign());
      at(99, () => {
        expect(store.tells.observed).toBe(true);
        candidacy.unsubscribe();
        expect(store.tells.observed).toBe(false);
      });
    });
  });

  it.each([
    undefined,
    null,
    'released',
    {},
    { kind: 'news' },
    { kind: 'elected' },
    { kind: 'released' },
    { kind: 'released', id: 'rival/1', successor: 5 },
  ])('ignores an invalid notice, and handles the next one: %p', (nonsense) => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(9_999), held(9_999)] });
      at(50, () => store.tells.next(nonsense as unknown as Notice));
      at(100, () => store.tells.next({ kind: 'connected' }));
      const subscribe = ' ^ 200ms !';
      const asked = '     a 99ms a';
      const told = '      -S';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('continues when the notices of the store fail', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(9_999), held(9_999)] });
      at(100, () => store.tells.error(new Error('no more notices')));
      const subscribe = ' ^ 600ms !';
      const asked = '     a 500ms a';
      const told = '      -S';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });
});

describe('a store that does not answer', () => {
  it('receives one more request, a read, after timeout / 4, before it is an error', () => {
    virtually(({ candidate, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [held(9_999), silence], read: [silence, silence] });
      const subscribe = ' ^ 1299ms                         !';
      const asked = '     a 500ms a 124ms d 599ms d 73ms r';
      const told = '      -S 724ms          F';
      const acquires = ['^!', '501ms ^ 99ms !'];
      const reads = ['626ms ^ 99ms !', '1226ms ^ 73ms !'];
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
      expectSubscriptions(store.spans.acquire).toBe(acquires);
      expectSubscriptions(store.spans.read).toBe(reads);
    });
  });

  it('is no error if the read is answered: the old id is released and the campaign continues (G4, G5)', () => {
    const store = virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(9_999), silence, held(9_999)] });
      const subscribe = ' ^ 700ms            !';
      const asked = '     a 500ms a 124ms dra';
      const told = '      -S';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
      return store;
    });
    const [first, second, third] = store.requests.acquire;
    expect(second?.id).toBe(first?.id);
    expect(store.requests.release).toMatchObject([{ id: second?.id }]);
    expect(third?.id).not.toBe(second?.id);
  });

  it('grants nothing by a reply that arrives after the timeout (G4)', () => {
    virtually(({ candidate, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [granted(7, 150), held(9_999)] });
      const subscribe = ' ^ 300ms         !';
      const asked = '     a 124ms dra';
      const told = '      128ms S';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
      expectSubscriptions(store.spans.acquire).toBe(['^ 99ms !', '127ms ^!']);
    });
  });

  it('is one error however long it lasts, and the candidate campaigns when the store answers again', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [silence], read: [silence, silence, silence] });
      // 100 for the acquire request, 25 until the read, 100 for the read, then one read each wait.
      const subscribe = ' ^ 2000ms                                  !';
      const asked = '     a 124ms d 599ms d 599ms d 599ms dra 73ms r';
      const told = '      225ms     F 1702ms             L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });
});

describe('a refusal', () => {
  it('is an error at once, emitted once however often it repeats, and retried by wait', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const denied = fails('STORE_DENIED');
      const { store, election } = candidate({ acquire: [denied, denied, held(9_999)] });
      const subscribe = ' ^ 1199ms        !';
      const asked = '     a 500ms a 500ms a';
      const told = '      -F 1001ms        S';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('emits its cause', () => {
    virtually(({ candidate, expectObservable }) => {
      const { election } = candidate({ acquire: [fails('STORE_DENIED')] });
      expectObservable(election, '^ 99ms !').toBe('-a', {
        a: { role: 'error', at: new Date(1), error: expect.objectContaining({ code: 'STORE_DENIED' }) },
      });
    });
  });

  it('ends with leadership if that comes next', () => {
    virtually(({ candidate, expectTold }) => {
      const { election } = candidate({ acquire: [fails('STORE_LOADING'), granted(7)] });
      const subscribe = ' ^ 600ms !';
      const told = '      -F 500ms L';
      expectTold(election, subscribe).toBe(told);
    });
  });
});

describe('a grant', () => {
  it('is not leadership if it arrives after its lease expired, and is released before the next attempt (G1, G4)', () => {
    const store = virtually(({ candidate, clock, stall, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [granted(7, 50), granted(8)] }, { clock });
      at(40, () => stall(LIFETIME)); // the process reads the reply before the timeout fires
      const subscribe = ' ^ 99ms         !';
      const asked = '     a 49ms ra 48ms r';
      const told = '      52ms     L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
      return store;
    });
    const [first, second] = store.requests.acquire;
    expect(store.requests.release[0]?.id).toBe(first?.id);
    expect(second?.id).not.toBe(first?.id);
  });
});
