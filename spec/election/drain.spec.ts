import { describe, expect, it } from '@jest/globals';
import { elect } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { EMPTY, finalize, NEVER, switchMap, take } from 'rxjs';
import type { Election } from '../../lib/election/election.js';
import type { Term, Transition } from '../../lib/stream/transition.js';
import { candidate, clock, pass, tell, useFakeTime, watch, work } from '../support/fake-time.js';
import { says, silence } from '../support/scripted-store.js';
import { LIFETIME } from '../support/virtual-time.js';

useFakeTime();

function termOf(election: Election): Term {
  const { term } = election;
  if (!term) throw new Error('this election is not led');
  return term;
}

describe('unsubscribing the last subscriber', () => {
  it('ends leadership in the same call: isLeading, term, signal, role', async () => {
    const { store, election } = candidate();
    const { leave, letters } = tell(election);
    await pass(10);
    const term = termOf(election);
    leave();
    expect([election.isLeading, election.term, election.role]).toEqual([false, undefined, undefined]);
    expect(term.signal.aborted).toBe(true);
    expect(term.signal.reason).toMatchObject({ name: 'AbortError', code: 'TERM_ENDED' });
    expect(() => term.assert()).toThrow(expect.objectContaining({ code: 'TERM_ENDED' }));
    expect(store.requests.release).toEqual([]);
    await pass(0);
    expect(store.requests.release).toMatchObject([{ id: term.id }]);
    expect(letters).toEqual(['L']);
  });

  it('releases after the teardown of plain switchMap work, which RxJS runs later than the election (G7)', async () => {
    const { store, election } = candidate();
    const order: string[] = [];
    store.asked.subscribe(({ verb }) => order.push(verb));
    const subscription = election
      .pipe(switchMap((t) => (t.role === 'leader' ? NEVER.pipe(finalize(() => order.push('torn down'))) : EMPTY)))
      .subscribe();
    await pass(10);
    subscription.unsubscribe();
    await pass(10);
    expect(order).toEqual(['acquire', 'torn down', 'release']);
  });
});

describe('a term that starts and is left during the subscription', () => {
  /**
   * An election whose store listens and grants synchronously. Its only subscriber leaves in its
   * first callback.
   */
  function left() {
    const store = new MemoryLeaseStore();
    const election = elect({ store, key: 'k', ttl: 1_000, clock });
    let finish = () => {};
    const begin = (transition: Transition) => {
      if (transition.role !== 'leader') return;
      const done = new Promise<void>((resolve) => {
        finish = resolve;
      });
      transition.term.waitUntil(done);
    };
    election.pipe(take(1)).subscribe(begin);
    return { store, election, finish: () => finish() };
  }

  it('is released before close() resolves (G7)', async () => {
    const { store, election, finish } = left();
    let isClosed = false;
    void election.close().then(() => {
      isClosed = true;
    });
    await pass(100);
    expect([isClosed, store.lease('k')]).toEqual([false, expect.anything()]);
    finish();
    await pass(1);
    expect([isClosed, store.lease('k')]).toEqual([true, undefined]);
  });

  it('is released before the next subscriber’s candidacy starts', async () => {
    const { store, election, finish } = left();
    const { letters, leave } = tell(election);
    await pass(100);
    expect(letters).toEqual([]);
    finish();
    await pass(1);
    expect(letters).toEqual(['L']);
    leave();
    await pass(1);
    expect(store.lease('k')).toBeUndefined();
  });
});

describe('waitUntil', () => {
  it('delays the release until the work has settled, while everything else of the term is over (G7)', async () => {
    const { store, election } = candidate();
    const { leave } = tell(election);
    await pass(10);
    const [one, other] = [work(), work()];
    termOf(election).waitUntil(one.promise);
    termOf(election).waitUntil(other.promise);
    leave();
    await pass(100);
    one.end();
    await pass(100);
    expect(store.requests.release).toEqual([]);
    other.end();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });

  it('is accepted while the exit starts: from abort listeners and from teardowns', async () => {
    const { store, election } = candidate();
    const { leave } = tell(election);
    await pass(10);
    const cleanup = work();
    const term = termOf(election);
    term.signal.addEventListener('abort', () => term.waitUntil(cleanup.promise));
    leave();
    await pass(100);
    expect(store.requests.release).toEqual([]);
    cleanup.end();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });

  it('is accepted while other work is still awaited', async () => {
    const { store, election } = candidate();
    const { leave } = tell(election);
    await pass(10);
    const [one, other] = [work(), work()];
    const term = termOf(election);
    term.waitUntil(one.promise);
    leave();
    await pass(10);
    term.waitUntil(other.promise);
    one.end();
    await pass(10);
    expect(store.requests.release).toEqual([]);
    other.end();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });

  it('swallows a rejection, which counts as settled (G6)', async () => {
    const { store, election } = candidate();
    const { leave } = tell(election);
    await pass(10);
    const failing = work();
    termOf(election).waitUntil(failing.promise);
    leave();
    failing.fail(new Error('work with a bug'));
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });

  it('accepts any thenable, and treats one that throws as settled', async () => {
    const { store, election } = candidate();
    const { leave } = tell(election);
    await pass(10);
    const broken = {
      // biome-ignore lint/suspicious/noThenProperty: the test needs a broken thenable
      then() {
        throw new Error('a thenable with a bug');
      },
    };
    termOf(election).waitUntil(broken);
    leave();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });

  it('delays nothing after a term that ended by itself', async () => {
    const { store, election } = candidate({ renew: [says({ status: 'lost' } as const)] });
    const { letters, leave } = tell(election);
    await pass(10);
    termOf(election).waitUntil(new Promise(() => {}));
    await pass(650);
    expect(letters).toEqual(['L', 'X', 'L']);
    leave();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });
});

describe('a drain', () => {
  it('renews the lease meanwhile, and remaining() counts it', async () => {
    const { store, election } = candidate({}, { drain: 5_000 });
    const { leave } = tell(election);
    await pass(10);
    const term = termOf(election);
    const cleanup = work();
    term.waitUntil(cleanup.promise);
    leave();
    expect(term.remaining()).toBe(LIFETIME - 10);
    await pass(1_300);
    expect(store.spans.renew.map(({ subscribedFrame }) => subscribedFrame)).toEqual([600, 1_200]);
    expect(term.remaining()).toBe(1_200 + LIFETIME - 1_310);
    expect(() => term.assert()).toThrow(expect.objectContaining({ code: 'TERM_ENDED' }));
    cleanup.end();
    await pass(1);
    expect(term.remaining()).toBe(0);
    expect(store.spans.release).toEqual([{ subscribedFrame: 1_310, unsubscribedFrame: 1_311 }]);
  });

  it('ends after at most drain ms', async () => {
    const { store, election } = candidate();
    const { leave } = tell(election);
    await pass(10);
    termOf(election).waitUntil(new Promise(() => {}));
    leave();
    await pass(299);
    expect(store.requests.release).toEqual([]);
    await pass(1);
    expect(store.requests.release).toHaveLength(1);
  });

  it('continues without a lease when renewals fail or the store reports it as lost', async () => {
    const { store, election } = candidate({ renew: [says({ status: 'lost' } as const)] }, { drain: 5_000 });
    const { leave } = tell(election);
    await pass(10);
    const term = termOf(election);
    term.waitUntil(new Promise(() => {}));
    leave();
    await pass(700);
    expect(term.remaining()).toBe(0);
    await pass(5_000);
    expect(store.requests.renew).toHaveLength(1);
    expect(store.requests.release).toHaveLength(1);
  });

  it('is not shortened by work of an earlier term that settles now (G7)', async () => {
    const { store, election } = candidate();
    tell(election);
    await pass(10);
    const [first, second] = [work(), work()];
    termOf(election).waitUntil(first.promise);
    void election.resign({ cooldown: 1 });
    await pass(400); // the first drain is over, its work is not
    expect(store.requests.release).toHaveLength(1);
    termOf(election).waitUntil(second.promise);
    void election.close();
    await pass(10);
    first.end();
    await pass(10);
    expect(store.requests.release).toHaveLength(1);
    second.end();
    await pass(0);
    expect(store.requests.release).toHaveLength(2);
  });

  it('delays the next candidacy until its release has settled', async () => {
    const { store, election } = candidate({ release: [silence] });
    const { leave } = tell(election);
    await pass(10);
    const cleanup = work();
    termOf(election).waitUntil(cleanup.promise);
    leave();
    const { letters } = tell(election);
    await pass(190);
    cleanup.end();
    await pass(99);
    expect([store.requests.read.length, store.requests.acquire.length]).toEqual([0, 1]);
    await pass(3);
    // Nobody answered: it reads first.
    expect([store.requests.read.length, store.requests.acquire.length]).toEqual([1, 2]);
    expect(letters).toEqual(['L']);
  });

  it('allows closing a candidacy that waits for it', async () => {
    const { store, election } = candidate();
    const { leave } = tell(election);
    await pass(10);
    termOf(election).waitUntil(new Promise(() => {}));
    leave();
    const { letters } = tell(election);
    const closed = watch(election.close());
    expect(letters).toEqual(['|']);
    await pass(1_000);
    expect(closed.at).toBe(311);
    expect(store.requests.acquire).toHaveLength(1);
  });
});
