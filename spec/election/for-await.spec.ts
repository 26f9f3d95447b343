import { describe, expect, it } from '@jest/globals';
import { candidate, pass, tell, useFakeTime, watch } from '../support/fake-time.js';
import { granted, says } from '../support/scripted-store.js';
import { LIFETIME, letter } from '../support/virtual-time.js';

useFakeTime();

describe('for await over an election', () => {
  it('starts the candidacy at the call of [Symbol.asyncIterator]()', async () => {
    const { store, election } = candidate();
    const iterator = election[Symbol.asyncIterator]();
    expect(store.requests.acquire).toHaveLength(1);
    void iterator.return?.();
    await pass(500);
    expect(store.requests.release).toHaveLength(1);
  });

  it('receives what subscribers receive, and ends with the election', async () => {
    const { election } = candidate();
    const letters: string[] = [];
    const loop = watch(
      (async () => {
        for await (const transition of election) letters.push(letter(transition));
      })(),
    );
    await pass(100);
    void election.close();
    await pass(0);
    expect(letters).toEqual(['L', 'C']);
    expect(loop.at).toBe(100);
  });

  it('resigns when the loop is left, and continues after it once the release has settled', async () => {
    const { store, election } = candidate({ release: [says({ status: 'released' }, 30)] });
    const loop = watch(
      (async () => {
        for await (const transition of election) if (transition.role === 'leader') break;
      })(),
    );
    await pass(1);
    expect(election.isLeading).toBe(false);
    await pass(100);
    expect(store.requests.release).toHaveLength(1);
    expect(loop.at).toBe(31);
  });

  it('waits for no release while another subscriber is left', async () => {
    const { store, election } = candidate();
    const { leave } = tell(election);
    const loop = watch(
      (async () => {
        for await (const transition of election) if (transition.role === 'leader') break;
      })(),
    );
    await pass(100);
    expect(loop).toEqual({ at: 1, value: undefined });
    expect(election.isLeading).toBe(true);
    expect(store.requests.release).toEqual([]);
    leave();
  });

  it('waits for no earlier release that another subscriber waits for', async () => {
    const { election } = candidate({ release: [says({ status: 'released' }, 50)] });
    const { leave } = tell(election);
    await pass(10);
    leave();
    await pass(10);
    const other = tell(election);
    const iterator = election[Symbol.asyncIterator]();
    const left = watch(Promise.resolve(iterator.return?.()));
    await pass(100);
    expect(left.at).toBe(20);
    expect(other.letters).toEqual(['L']);
    other.leave();
    await pass(100);
  });

  it('resigns also when the body throws, and passes the error on', async () => {
    const { store, election } = candidate();
    const loop = watch(
      (async () => {
        for await (const _ of election) throw new Error('a body with a bug');
      })(),
    );
    await pass(10);
    expect(loop.error).toEqual(new Error('a body with a bug'));
    expect(store.requests.release).toHaveLength(1);
  });

  it('does not receive a leadership that ended while the body was busy (G2)', async () => {
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead };
    const { election } = candidate({ acquire: [granted(1, 50)] }, { clock });
    const iterator = election[Symbol.asyncIterator]();
    await pass(60);
    expect(election.isLeading).toBe(true);
    ahead = LIFETIME + 200;
    const next = watch(iterator.next());
    await pass(0);
    expect(next.at).toBeUndefined(); // the leader is skipped, though no timer has fired yet
    await pass(540);
    expect(next.value?.value).toMatchObject({ role: 'follower', reason: 'stalled' });
    void iterator.return?.();
    await pass(500);
  });
});
