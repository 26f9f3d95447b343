import { getEventListeners } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { candidate, pass, tell, useFakeTime, watch } from './support/fake-time.js';
import { fails, granted, held, says, silence } from './support/scripted-store.js';
import { virtually } from './support/virtual-time.js';

describe('close', () => {
  it('says follower/closed and completes at once when it ends a term', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      at(100, () => void election.close());
      const asked = ' a 99ms r';
      const told = '  -L 98ms (C|)';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
    });
  });

  it('only completes when it ends none, and asks nothing of the store', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(9_999)] });
      at(100, () => void election.close());
      const asked = ' a';
      const told = '  -S 98ms |';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
    });
  });

  it('completes an election that is in error', () => {
    virtually(({ candidate, at, expectTold }) => {
      const { election } = candidate({ acquire: [fails('STORE_DENIED')] });
      at(100, () => void election.close());
      expectTold(election).toBe('-F 98ms |');
    });
  });

  it('awaits an acquire in flight, says nothing of it, and gives back what it brought (G4)', () => {
    const store = virtually(({ candidate, at, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [granted(7, 60)] });
      at(20, () => void election.close());
      const asked = '    a 59ms r';
      const told = '     20ms |';
      const acquire = '  ^ 59ms !';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
      expectSubscriptions(store.spans.acquire).toBe(acquire);
      return store;
    });
    expect(store.requests.release[0]?.id).toBe(store.requests.acquire[0]?.id);
  });

  it('compare-and-deletes an acquire in flight that is not answered within timeout (G4)', () => {
    const store = virtually(({ candidate, at, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [silence], release: [silence] });
      at(20, () => void election.close());
      const asked = '    a 99ms r';
      const told = '     20ms |';
      const acquire = '  ^ 99ms !';
      const release = '  100ms ^ 99ms !';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
      expectSubscriptions(store.spans.acquire).toBe(acquire);
      expectSubscriptions(store.spans.release).toBe(release);
      return store;
    });
    expect(store.requests.release[0]?.id).toBe(store.requests.acquire[0]?.id);
  });

  it('releases nothing after an acquire that somebody else’s lease answers', () => {
    virtually(({ candidate, at, expectAsked }) => {
      const { store, election } = candidate({ acquire: [held(9_999, 60)] });
      expectAsked(store).toBe('a');
      election.subscribe();
      at(20, () => void election.close());
    });
  });

  it('gives up a read in flight', () => {
    virtually(({ candidate, at, expectAsked, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [silence], read: [silence] });
      expectAsked(store).toBe('a 124ms d 9ms r');
      election.subscribe();
      at(135, () => void election.close());
      expectSubscriptions(store.spans.read).toBe('125ms ^ 9ms !');
    });
  });

  it('releases after a renewal in flight, not beside it', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ renew: [says({ status: 'renewed' }, 50)] });
      at(610, () => void election.close());
      const asked = ' a 599ms n 49ms r';
      const told = '  -L 608ms (C|)';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
    });
  });

  it('lets those who subscribe afterwards complete at once, without a request', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(9_999)] });
      at(20, () => void election.close());
      expectAsked(store).toBe('a');
      expectTold(election).toBe('-S 18ms |');
      expectTold(election, '40ms ^').toBe('40ms |');
    });
  });

  it('works before the first subscription, too', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      void election.close();
      expectAsked(store).toBe('');
      expectTold(election).toBe('|');
    });
  });
});

describe('the promise of close', () => {
  useFakeTime();

  it('resolves when the release is answered, after the completion', async () => {
    const { election } = candidate({ release: [says({ status: 'released' }, 30)] });
    const { letters } = tell(election);
    await pass(100);
    const closed = watch(election.close());
    expect(letters).toEqual(['L', 'C', '|']);
    await pass(29);
    expect(closed.at).toBeUndefined();
    await pass(1);
    expect(closed.at).toBe(130);
  });

  it('is the same however often it is asked for', async () => {
    const { store, election } = candidate();
    tell(election);
    await pass(1);
    const first = election.close();
    expect(election.close()).toBe(first);
    expect(election[Symbol.asyncDispose]()).toBe(first);
    await pass(10);
    expect(store.requests.release).toHaveLength(1);
  });

  it('resolves at once when there is nothing to release', async () => {
    const fresh = watch(candidate().election.close());
    const { election } = candidate({ acquire: [held(9_999)] });
    tell(election);
    await pass(10);
    const closed = watch(election.close());
    await pass(0);
    expect([fresh.at, closed.at]).toEqual([0, 10]);
  });

  it.each([
    ['fails', fails('STORE_READONLY', 5), 105],
    ['is never answered', silence, 200],
  ])('resolves when the release %s', async (_, release, at) => {
    const { election } = candidate({ release: [release] });
    tell(election);
    await pass(100);
    const closed = watch(election.close());
    await pass(1_000);
    expect(closed).toEqual({ at, value: undefined });
  });

  it('resolves within drain + timeout when the store and the work hang (G6)', async () => {
    const { election } = candidate({ renew: [silence, silence, silence, silence], release: [silence] });
    const { told } = tell(election);
    await pass(640);
    if (told[0]?.role === 'leader') told[0].term.waitUntil(new Promise(() => {}));
    const closed = watch(election.close());
    await pass(5_000);
    expect(closed.at).toBeGreaterThan(640 + 300);
    expect(closed.at).toBeLessThanOrEqual(640 + 300 + 100);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for a release that began before it', async () => {
    const { election } = candidate({ release: [says({ status: 'released' }, 50)] });
    const { leave } = tell(election);
    await pass(10);
    leave();
    await pass(20);
    const closed = watch(election.close());
    await pass(1_000);
    expect(closed.at).toBe(60);
  });

  it('waits for that also when somebody has subscribed again meanwhile', async () => {
    const { store, election } = candidate({ release: [says({ status: 'released' }, 50)] });
    tell(election).leave();
    await pass(10);
    const again = tell(election);
    again.leave();
    const { letters } = tell(election);
    const closed = watch(election.close());
    expect(letters).toEqual(['|']);
    await pass(1_000);
    expect(closed.at).toBe(51);
    expect(store.requests.acquire).toHaveLength(1);
  });

  it('leaves no timer behind (G6)', async () => {
    const { election } = candidate();
    tell(election);
    await pass(700);
    expect(jest.getTimerCount()).toBeGreaterThan(0);
    void election.close();
    await pass(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is what await using waits for', async () => {
    const { store, election } = candidate();
    tell(election);
    await pass(1);
    const left = watch(
      (async () => {
        await using _ = election;
      })(),
    );
    await pass(10);
    expect(left.at).toBe(2);
    expect(store.requests.release).toHaveLength(1);
  });
});

describe('signal', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

  it('closes when it aborts', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const controller = new AbortController();
      const { store, election } = candidate({}, { signal: controller.signal });
      at(100, () => controller.abort());
      expectAsked(store).toBe('a 99ms r');
      expectTold(election).toBe('-L 98ms (C|)');
      expectTold(election, '150ms ^').toBe('150ms |');
    });
  });

  it('lets subscribers complete at once, without a request, when it is aborted already', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({}, { signal: AbortSignal.abort() });
      expectAsked(store).toBe('');
      expectTold(election).toBe('|');
    });
  });

  it('is listened to only while there is somebody to be told (G6)', () => {
    const { signal } = new AbortController();
    virtually(({ candidate, at }) => {
      const { election } = candidate({}, { signal });
      expect(listeners(signal)).toBe(0);
      const first = election.subscribe();
      const second = election.subscribe();
      const third = election.holders.subscribe();
      expect(listeners(signal)).toBe(2);
      at(10, () => {
        first.unsubscribe();
        expect(listeners(signal)).toBe(2);
        second.unsubscribe();
        expect(listeners(signal)).toBe(1);
        third.unsubscribe();
        expect(listeners(signal)).toBe(0);
      });
      at(20, () => election.subscribe());
      at(30, () => {
        expect(listeners(signal)).toBe(1);
        void election.close();
        expect(listeners(signal)).toBe(0);
      });
    });
  });
});
