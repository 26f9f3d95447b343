import { describe, expect, it } from '@jest/globals';
import { candidate, pass, tell, useFakeTime, watch } from '../support/fake-time.js';
import { fails, granted, held, says, silence } from '../support/scripted-store.js';
import { LIFETIME, virtually } from '../support/virtual-time.js';

describe('resigning', () => {
  it('emits follower/resigned, stays out for cooldown ms from the release, then stands again', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ release: [says({ status: 'released' }, 20)] });
      at(100, () => void election.resign({ cooldown: 200 }));
      const subscribe = ' ^ 399ms            !';
      const asked = '     a 99ms r 219ms a 79ms r';
      const told = '      -L 98ms R 220ms L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('stays out for a ttl by default', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      at(100, () => void election.resign());
      const subscribe = ' ^ 2199ms          !';
      const asked = '     a 99ms r 2020ms a 78ms r';
      const told = '      -L 98ms R 2021ms L';
      expectAsked(store).toBe(asked);
      expectTold(election, subscribe).toBe(told);
    });
  });

  it('stands again at once with a cooldown of 0', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      at(100, () => void election.resign({ cooldown: 0 }));
      expectAsked(store).toBe('a 99ms ra 98ms r');
      expectTold(election, '^ 199ms !').toBe('-L 98ms R-L');
    });
  });

  it('emits no second follower when another candidate leads after the cooldown', () => {
    virtually(({ candidate, at, expectTold }) => {
      const { election } = candidate({ acquire: [granted(1), held(9_999)] });
      at(100, () => void election.resign({ cooldown: 50 }));
      expectTold(election, '^ 299ms !').toBe('-L 98ms R');
    });
  });

  it('does nothing to a follower: no transition, no request, no cooldown', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(200)] });
      at(100, () => void election.resign());
      expectAsked(store).toBe('a 201ms a 9ms r');
      expectTold(election, '^ 211ms !').toBe('-S 201ms L');
    });
  });

  it('ends permanently when the last subscriber leaves meanwhile, and the next candidacy skips the cooldown', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      at(100, () => void election.resign());
      expectAsked(store).toBe('a 99ms r 99ms a 49ms r');
      expectTold(election, '^ 149ms !').toBe('-L 98ms R');
      expectTold(election, '200ms ^ 49ms !').toBe('201ms L');
    });
  });

  it('is expired or stalled instead when the clock says so (G2)', () => {
    virtually(({ candidate, clock, at, stall, expectTold }) => {
      const { election } = candidate({ release: [silence] }, { clock });
      at(100, () => {
        stall(LIFETIME);
        void election.resign();
      });
      expectTold(election, '^ 149ms !').toBe('-L 98ms E');
    });
  });
});

describe('the promise of resign', () => {
  useFakeTime();

  it('resolves to true when a lease was released', async () => {
    const { election } = candidate({ release: [says({ status: 'released' }, 20)] });
    tell(election);
    await pass(100);
    const resigned = watch(election.resign());
    await pass(10_000);
    expect(resigned).toEqual({ at: 120, value: true });
    void election.close();
  });

  it.each([
    ['there was none any more', says({ status: 'gone' } as const)],
    ['the store refused', fails('STORE_READONLY')],
    ['the store was silent', silence],
  ])('resolves to false when %s', async (_, release) => {
    const { election } = candidate({ release: [release] });
    tell(election);
    await pass(100);
    const resigned = watch(election.resign());
    await pass(500);
    expect(resigned).toMatchObject({ value: false });
    void election.close();
  });

  it('resolves to false for a follower, before a candidacy, and after one', async () => {
    const { election } = candidate({ acquire: [held(9_999)] });
    const before = watch(election.resign());
    const { leave } = tell(election);
    await pass(10);
    const follower = watch(election.resign());
    leave();
    await pass(10);
    const after = watch(election.resign());
    const leader = tell(election);
    await pass(10);
    expect(leader.letters).toEqual(['L']);
    leader.leave();
    await pass(500);
    const later = watch(election.resign());
    await pass(0);
    expect([before, follower, after, later]).toEqual([
      { at: 0, value: false },
      { at: 10, value: false },
      { at: 20, value: false },
      { at: 530, value: false },
    ]);
  });

  it('resolves to false for a term that is over by the clock', async () => {
    let ahead = 0;
    const { election } = candidate({}, { clock: { now: () => Date.now() + ahead } });
    const { letters } = tell(election);
    await pass(10);
    ahead = LIFETIME;
    const resigned = watch(election.resign());
    await pass(0);
    expect(resigned.value).toBe(false);
    expect(letters.slice(0, 2)).toEqual(['L', 'E']);
    void election.close();
  });

  it('joins an exit under way: a resignation, a close, or the last unsubscribe', async () => {
    const released = says({ status: 'released' } as const, 20);
    const { store, election } = candidate({ release: [released, released] });
    const { leave } = tell(election);
    await pass(100);
    const first = watch(election.resign({ cooldown: 50 }));
    const second = watch(election.resign({ cooldown: 5_000 }));
    await pass(80); // resigned, cooled down, leading again
    leave();
    const third = watch(election.resign());
    await pass(5);
    const fourth = watch(election.close());
    const fifth = watch(election.resign());
    await pass(100);
    expect([first, second]).toEqual([
      { at: 120, value: true },
      { at: 120, value: true },
    ]);
    expect([third.value, fifth.value]).toEqual([true, true]);
    expect([third.at, fourth.at, fifth.at]).toEqual([200, 200, 200]);
    expect(store.requests.release).toHaveLength(2);
  });

  it('joins an exit until its end, whatever that is', async () => {
    const { election } = candidate({ release: [fails('STORE_READONLY', 20)] });
    const { leave } = tell(election);
    await pass(100);
    leave();
    const joined = watch(election.resign());
    await pass(100);
    expect(joined).toEqual({ at: 120, value: false });
  });

  it('rejects a wrong cooldown with INVALID_OPTION, and ends nothing', async () => {
    const { election } = candidate();
    const { letters } = tell(election);
    await pass(10);
    for (const cooldown of [-1, 1.5, 2 ** 31, Number.NaN, '5' as never]) {
      await expect(election.resign({ cooldown })).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining('"cooldown"'),
      });
    }
    expect(letters).toEqual(['L']);
    expect(election.isLeading).toBe(true);
    void election.close();
  });
});
