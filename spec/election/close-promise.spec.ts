import { describe, expect, it, jest } from '@jest/globals';
import { candidate, pass, tell, useFakeTime, watch } from '../support/fake-time.js';
import { fails, held, says, silence } from '../support/scripted-store.js';

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

  it('is the same for every call', async () => {
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

  it('waits for a release that started earlier', async () => {
    const { election } = candidate({ release: [says({ status: 'released' }, 50)] });
    const { leave } = tell(election);
    await pass(10);
    leave();
    await pass(20);
    const closed = watch(election.close());
    await pass(1_000);
    expect(closed.at).toBe(60);
  });

  it('waits for an earlier release even if a subscriber has joined since', async () => {
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

  it('leaves no timer of a follower behind, however often its next attempt was rescheduled (G6)', async () => {
    const { store, election } = candidate({ acquire: [held(400)] });
    tell(election);
    await pass(10);
    expect(jest.getTimerCount()).toBe(1);
    store.tells.next({ kind: 'elected', holder: { id: 'other/1', token: 42, expiresIn: 300 } });
    store.tells.next({ kind: 'deaf' });
    store.tells.next({ kind: 'elected', holder: { id: 'next/1', token: 43, expiresIn: 2_000 } });
    expect(jest.getTimerCount()).toBe(1);
    void election.close();
    await pass(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has only the request’s own timer while only a reply can change anything (G6)', async () => {
    const { election } = candidate({ acquire: [silence], release: [silence] });
    const { leave } = tell(election);
    expect(jest.getTimerCount()).toBe(1);
    leave();
    await pass(100);
    expect(jest.getTimerCount()).toBe(1); // the release’s timer
    await pass(100);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has no other timer during the exit either (G6)', async () => {
    const timers = jest.spyOn(globalThis, 'setInterval'); // RxJS uses it for its timers
    const { election } = candidate({ release: [silence] });
    const { leave } = tell(election);
    await pass(10);
    leave();
    await pass(0);
    expect(jest.getTimerCount()).toBe(1);
    // Node turns an infinite interval into 1 ms.
    expect(timers.mock.calls.map(([, ms]) => ms)).not.toContain(Number.POSITIVE_INFINITY);
    await pass(100);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is awaited by await using', async () => {
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
