import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Term } from '../../lib/stream/transition.js';
import { fails, granted, held, says, silence } from '../support/scripted-store.js';
import { LIFETIME, letter, virtually } from '../support/virtual-time.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const renewed = { status: 'renewed' } as const;

describe('a leader', () => {
  it('renews every renewEvery, counted from one request to the next, and stays the leader', () => {
    virtually(({ candidate, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ renew: [says(renewed, 90)] });
      const subscribe = ' ^ 1899ms                  !';
      const asked = '     a 599ms n 599ms n 599ms n 99ms r';
      const told = '      -L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
      expectSubscriptions(store.spans.renew).toBe(['600ms ^ 89ms !', '1200ms ^!', '1800ms ^!']);
    });
  });

  it('renews earlier by jitter, never later', () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.75);
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({}, { jitter: 40 });
      const subscribe = ' ^ 1199ms          !';
      const asked = '     a 569ms n 569ms n 59ms r';
      const told = '      -L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('emits nothing for failures within the lease, and repeats a renewal of unknown outcome unchanged (G4)', () => {
    const store = virtually(({ candidate, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ renew: [silence, fails('STORE_UNAVAILABLE')] });
      const subscribe = ' ^ 1400ms                                  !';
      const asked = '     a 599ms n 124ms n 25ms n 599ms n 49ms r';
      const told = '      -L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
      expectSubscriptions(store.spans.renew).toBe(['600ms ^ 99ms !', '725ms ^!', '751ms ^!', '1351ms ^!']);
      return store;
    });
    const [acquire] = store.requests.acquire;
    expect(new Set(store.requests.renew.map(({ id }) => id))).toEqual(new Set([acquire?.id]));
    expect(store.requests.renew).toMatchObject([{ token: 1 }, { token: 1 }, { token: 1 }, { token: 1 }]);
  });

  it('acts when a timer fires, even if its clock is a little behind', () => {
    const store = virtually(({ candidate, scheduler, at }) => {
      const { store, election } = candidate({}, { clock: { now: () => scheduler.now() * 0.99 } });
      const candidacy = election.subscribe();
      at(700, () => candidacy.unsubscribe());
      return store;
    });
    // The timer was set at frame 1, when the clock said 0.99, for 600 by that clock.
    expect(store.spans.renew[0]?.subscribedFrame).toBeCloseTo(1 + 600 - 0.99, 6);
  });
});

describe('a lost lease', () => {
  it('is emitted at once, and the new holder’s lease is awaited', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { holder } = { holder: { id: 'rival/1', expiresIn: 300 } };
      const lost = says({ status: 'lost', holder } as const);
      const { store, election } = candidate({ renew: [lost], acquire: [granted(1), held(9_999)] });
      const subscribe = ' ^ 999ms           !';
      const asked = '     a 599ms n 301ms a';
      const told = '      -L 599ms X';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('is also assumed after a key conflict: follower first, then error', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ renew: [fails('KEY_CONFLICT')], release: [fails('KEY_CONFLICT')] });
      const subscribe = ' ^ 1199ms              !';
      const asked = '     a 599ms n 500ms r 98ms r';
      const told = '      -L 599ms (XF)';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });
});

describe('a lease that cannot be renewed', () => {
  it('ends a lifetime after its last successful request was written, however late the reply was (G2)', () => {
    const store = virtually(({ candidate, expectTold }) => {
      const { store, election } = candidate({
        acquire: [granted(1, 80)],
        renew: [says(renewed, 90), ...Array(20).fill(silence)],
      });
      const subscribe = ' ^ 2499ms           !';
      const told = '      80ms L 2396ms (EF)'; // 600 + 1877
      expectTold(election, subscribe).toBe(told);
      return store;
    });
    // The request in flight is abandoned with the term.
    expect(store.spans.renew.at(-1)).toEqual({ subscribedFrame: 2_450, unsubscribedFrame: 2_477 });
  });

  it('emits follower at its end and not before, then the error; then the old id is released and the campaign continues (G4, G5)', () => {
    const store = virtually(({ candidate, expectAsked, expectTold }) => {
      const readonly = fails('STORE_READONLY', 75);
      const { store, election } = candidate({ renew: Array(4).fill(readonly) }, { renewEvery: 1_490 });
      const subscribe = ' ^ 2400ms                                              !';
      const asked = '     a 1489ms n 99ms n 99ms n 99ms n 586ms           ra 22ms r';
      const told = '      -L 1875ms                              (EF) 498ms L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
      return store;
    });
    const [first, second] = store.requests.acquire;
    expect(store.requests.release.map(({ id }) => id)).toEqual([first?.id, second?.id]);
  });

  it('makes the candidate read before it tries again, if no reply arrived (G4)', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({ renew: Array(20).fill(silence) }, { renewEvery: 1_500 });
      // renewals at 1500, 1625, 1750, 1875: the last is abandoned at the deadline
      const subscribe = ' ^ 2400ms                                                 !';
      const asked = '     a 1499ms n 124ms n 124ms n 124ms n 501ms           dra 21ms r';
      const told = '      -L 1875ms                                 (EF) 499ms L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });
});

describe('a process that was not running at its deadline', () => {
  it('emits follower/stalled before it handles the reply that it finds, and ignores that reply (G2)', () => {
    virtually(({ candidate, clock, stall, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ renew: [says(renewed, 50)] }, { clock });
      at(640, () => stall(LIFETIME));
      const subscribe = ' ^ 699ms               !';
      const asked = '     a 599ms n 49ms dra 47ms r';
      const told = '      -L 648ms       T--L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('emits follower/stalled before anything else when a new subscriber makes it check the clock', () => {
    virtually(({ candidate, clock, stall, at, expectTold }) => {
      const { election } = candidate({ release: [silence] }, { clock });
      at(500, () => stall(LIFETIME));
      const first = '     ^ 549ms !';
      const second = '    500ms ^ 49ms !';
      const told = '      -L 498ms T';
      const toldLate = '  500ms     T';
      expectTold(election, first).toBe(told);
      expectTold(election, second).toBe(toldLate);
    });
  });

  it('is expired, not stalled, if the guard has not passed', () => {
    virtually(({ candidate, clock, stall, at, expectTold }) => {
      const { election } = candidate({ renew: Array(20).fill(silence) }, { clock });
      at(LIFETIME - 5, () => stall(20));
      // The deadline timer follows the scheduler, which is 20 ms late by the clock.
      const subscribe = ' ^ 1879ms  !';
      const told = '      -L 1875ms (EF)';
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('does not lead by its getters from the deadline on, even if no timer has fired (G2)', () => {
    virtually(({ candidate, clock, stall, at, expectTold }) => {
      const { election } = candidate({}, { clock });
      const seen: unknown[] = [];
      const record = (term?: Term) =>
        seen.push([election.role, election.isLeading, election.term === term, term?.remaining()]);
      at(10, () => {
        const { term } = election;
        record(term);
        stall(LIFETIME - 10 - 1);
        record(term);
        stall(1);
        record(term);
        expect(() => term?.assert()).toThrow(expect.objectContaining({ code: 'TERM_ENDED', name: 'AbortError' }));
        expect(term?.signal.aborted).toBe(false);
        expect(election.term).toBeUndefined();
        expect(seen).toEqual([
          ['leader', true, true, LIFETIME - 10],
          ['leader', true, true, 1],
          ['leader', false, false, 0],
        ]);
      });
      const subscribe = ' ^ 39ms !';
      const told = '      -L';
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('emits follower within half the guard after a suspension, although its timers stood still (G2)', () => {
    virtually(({ candidate, clock, stall, at, expectTold }) => {
      const { election } = candidate({ release: [silence] }, { clock });
      at(400, () => stall(LIFETIME - 400));
      const subscribe = ' ^ 419ms           !';
      const told = '      -L 403ms E'; // a check 50.5 ms after the one at 354.5
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('keeps leading after a shorter suspension, and renews in time', () => {
    virtually(({ candidate, clock, stall, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({}, { clock });
      at(400, () => stall(500));
      const subscribe = ' ^ 699ms !';
      const asked = '     a 404ms n 294ms r';
      const told = '      -L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });
});

describe('a term that is over', () => {
  it('does not count the ms of a later term', () => {
    virtually(({ candidate, at }) => {
      const { election } = candidate({ renew: [says({ status: 'lost' } as const)] });
      const candidacy = election.subscribe();
      let first: Term | undefined;
      at(9, () => {
        first = election.term;
      });
      at(700, () => {
        expect(election.term?.remaining()).toBeGreaterThan(0);
        expect([first?.token, first?.remaining()]).toEqual([1, 0]);
        candidacy.unsubscribe();
      });
    });
  });
});

describe('the time of a transition', () => {
  it('is the wall time of the decision, and the same for later subscribers', () => {
    virtually(({ candidate, clock, at, scheduler }) => {
      const { election } = candidate({}, { clock: { now: clock.now, wall: () => 1_000_000 + scheduler.now() } });
      const seen: string[] = [];
      const observe = () => election.subscribe((t) => seen.push(`${letter(t)} ${t.at.getTime()}`));
      const first = observe();
      at(500, () => {
        const second = observe();
        expect(seen).toEqual(['L 1000001', 'L 1000001']);
        first.unsubscribe();
        second.unsubscribe();
      });
    });
  });
});
