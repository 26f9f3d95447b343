import { describe, expect, it } from '@jest/globals';
import { concat, from, ignoreElements, NEVER, type Observable, type ObservableInput, VirtualTimeScheduler } from 'rxjs';
import { elect, type LeaseStore, quorum } from '../../lib/index.js';
import type { LeaseReply, LeaseRequest } from '../../lib/port/lease-store.js';
import { MemoryLeaseStore } from '../../lib/testing/index.js';

const TTL = 10_000;
const TIMEOUT = 100;
const BASE = { key: 'k', timeout: TIMEOUT, name: 'n' };

const acquiring = (id: string) =>
  ({ ...BASE, verb: 'acquire', id, ttl: TTL, lastToken: 0, coldStart: 'elect', hears: true }) as const;
const renewing = (id: string, token: number) => ({ ...BASE, verb: 'renew', id, ttl: TTL, token }) as const;
const releasing = (id: string) => ({ ...BASE, verb: 'release', id }) as const;
const withdrawing = (id: string) => ({ ...BASE, verb: 'withdraw', id }) as const;
const reading = { ...BASE, verb: 'read' } as const;
const listing = { ...BASE, verb: 'list', ttl: TTL } as const;

/** Three stores in virtual time, the requests of the third, and a quorum of them. */
function three() {
  const scheduler = new VirtualTimeScheduler();
  const a = new MemoryLeaseStore({ clock: scheduler, scheduler, latency: 1, epoch: 1e12 });
  const b = new MemoryLeaseStore({ clock: scheduler, scheduler, latency: 1, epoch: 1e12 });
  const c = new MemoryLeaseStore({ clock: scheduler, scheduler, latency: 1, epoch: 1e12 });
  const asked: LeaseRequest[] = [];
  /** Verbs that the third store executes without a reply. */
  const mute = new Set<LeaseRequest['verb']>();
  const told = <R extends LeaseRequest, Reply>(ask: (request: R) => Observable<Reply>) => {
    return (request: R) => {
      asked.push(request);
      const answer = ask.call(c, request);
      return mute.has(request.verb) ? concat(answer.pipe(ignoreElements()), NEVER) : answer;
    };
  };
  const third: LeaseStore = {
    acquire: told(c.acquire),
    renew: told(c.renew),
    release: told(c.release),
    read: told(c.read),
    withdraw: told(c.withdraw),
    list: told(c.list),
    notices: (key) => c.notices(key),
  };
  const store = quorum([a, b, third], { scheduler });
  const pass = (ms: number) => {
    scheduler.maxFrames = scheduler.frame + ms;
    scheduler.schedule(() => {}, ms);
    scheduler.flush();
  };
  /** The reply within a timeout, if any. */
  const answerTo = <Reply>(input: ObservableInput<Reply>): Reply | undefined => {
    let answer: Reply | undefined;
    from(input).subscribe({ next: (reply) => (answer = reply), error: () => {} });
    pass(TIMEOUT);
    return answer;
  };
  const leases = () => [a, b, c].map((each) => each.lease('k')?.id);
  const standing = (at: LeaseStore = store) => {
    const listed = answerTo(at.list?.(listing) ?? []);
    return listed?.candidates.map(({ id }) => id);
  };
  return { scheduler, stores: [a, b, c] as const, store, asked, mute, pass, answerTo, leases, standing };
}

const releases = (asked: readonly LeaseRequest[]) =>
  asked.filter(({ verb }) => verb === 'release').map((request) => ('id' in request ? request.id : ''));

const status = (reply: LeaseReply | undefined) => reply?.status;

describe('elections over one quorum', () => {
  it('have separate stores: none gives back a lease that another may hold (G1)', () => {
    const { stores, store, scheduler, asked, pass, leases } = three();
    const times = { store, key: 'k', ttl: TTL, timeout: TIMEOUT, scheduler };
    stores[2].loseReplies();
    const leader = elect({ ...times, name: 'x' });
    leader.subscribe();
    pass(TIMEOUT);
    stores[2].heal();
    elect({ ...times, name: 'y' }).subscribe();
    pass(TIMEOUT);
    expect(leader.isLeading).toBe(true);
    expect(releases(asked)).toEqual([]);
    expect(leases()).toEqual(Array(3).fill(leader.term?.id));
  });

  it('do not wait for each other’s reads', () => {
    const { stores, store, answerTo, pass } = three();
    const [one, other] = [store.forElection?.(), store.forElection?.()];
    for (const each of stores) each.hang();
    from(one?.read({ ...reading, timeout: 1_000 }) ?? []).subscribe();
    pass(10);
    for (const each of stores) each.heal();
    expect(status(answerTo(other?.acquire(acquiring('me')) ?? []))).toBe('granted');
  });

  it('also have separate stores of nested quorums', () => {
    const { scheduler, stores, answerTo, leases } = three();
    let made = 0;
    const [a, b, c] = stores;
    const nested: LeaseStore = {
      acquire: (request) => c.acquire(request),
      renew: (request) => c.renew(request),
      release: (request) => c.release(request),
      read: (request) => c.read(request),
      forElection: () => {
        made += 1;
        return c;
      },
    };
    const own = quorum([a, b, nested], { scheduler }).forElection?.();
    expect(made).toBe(1);
    answerTo(own?.acquire(acquiring('me')) ?? []);
    expect(leases()).toEqual(['me', 'me', 'me']);
  });
});

describe('one store of a quorum', () => {
  it('keeps a lease that it has renewed, though its grant was unconfirmed (G1)', () => {
    const { stores, store, asked, mute, answerTo, leases } = three();
    const [, , c] = stores;
    const token = answerTo(store.acquire(acquiring('x')))?.token ?? 0;
    c.flush();
    answerTo(c.acquire(acquiring('z')));
    answerTo(c.release(releasing('z')));
    mute.add('acquire');
    answerTo(store.renew(renewing('x', token)));
    mute.clear();
    expect(asked.map(({ verb }) => verb)).toEqual(['acquire', 'renew', 'acquire']);
    answerTo(store.renew(renewing('x', token)));
    expect(status(answerTo(store.acquire(acquiring('y'))))).toBe('held');
    expect(releases(asked)).toEqual([]);
    expect(leases()).toEqual(['x', 'x', 'x']);
  });

  it('receives no release of a lease that it cannot hold, however many terms have ended without it', () => {
    const { stores, store, asked, answerTo } = three();
    stores[2].fail('STORE_UNAVAILABLE');
    for (const id of ['1', '2', '3', '4', '5']) {
      expect(status(answerTo(store.acquire(acquiring(id))))).toBe('granted');
      answerTo(store.release(releasing(id)));
    }
    stores[2].heal();
    asked.length = 0;
    expect(status(answerTo(store.acquire(acquiring('6'))))).toBe('granted');
    // The first was sent before the store was known to be down.
    expect(releases(asked)).toEqual(['1']);
    expect(stores[2].lease('k')?.id).toBe('6');
  });

  it('receives a release again whose turn did not come', () => {
    const { stores, store, answerTo, pass, leases } = three();
    answerTo(store.acquire(acquiring('x')));
    stores[2].hang();
    from(store.read({ ...reading, timeout: 10 * TIMEOUT })).subscribe();
    answerTo(store.release(releasing('x')));
    stores[2].heal();
    expect(leases()).toEqual([undefined, undefined, 'x']);
    pass(10 * TIMEOUT);
    answerTo(store.acquire(acquiring('y')));
    expect(leases()).toEqual(['y', 'y', 'y']);
  });
});

/**
 * Each candidate has one of three stores. Then the other two release, and `me` is granted under
 * another id.
 */
function wonAfterSplit() {
  const all = three();
  const { stores, store, answerTo } = all;
  for (const [i, id] of ['r1', 'r2'].entries()) answerTo(stores[i + 1]?.acquire(acquiring(id)) ?? []);
  expect(status(answerTo(store.acquire(acquiring('me'))))).toBe('suspect');
  for (const [i, id] of ['r1', 'r2'].entries()) answerTo(stores[i + 1]?.release(releasing(id)) ?? []);
  expect(status(answerTo(store.acquire(acquiring('me'))))).toBe('granted');
  expect(all.leases()).toEqual(['me~1', 'me~1', 'me~1']);
  return all;
}

describe('a candidate of a quorum', () => {
  it('releases what it holds under another id, also with a repeated release', () => {
    const { stores, store, answerTo, leases } = wonAfterSplit();
    for (const each of stores) each.fail('STORE_UNAVAILABLE');
    expect(answerTo(store.release(releasing('me')))).toBeUndefined();
    for (const each of stores) each.heal();
    answerTo(store.release(releasing('me')));
    expect(leases()).toEqual([undefined, undefined, undefined]);
  });

  it('is not listed as standing while it leads, under any of its ids', () => {
    expect(wonAfterSplit().standing()).toEqual([]);
  });

  it('is not listed while it leads at a store that has refused it', () => {
    const { stores, store, answerTo, standing } = three();
    // One store refuses before the attempt is won, in the first round, and another one later, in
    // the second.
    for (const refuses of [stores[0], stores[2]]) {
      answerTo(refuses.acquire(acquiring('rival')));
      expect(status(answerTo(store.acquire(acquiring('me'))))).toBe('granted');
      expect(stores.map((each) => standing(each))).toEqual([[], [], []]);
      answerTo(store.release(releasing('me')));
      answerTo(refuses.release(releasing('rival')));
    }
  });

  it('is not listed after it withdraws, under any of its ids', () => {
    const { stores, store, answerTo, standing } = three();
    for (const [i, id] of ['r1', 'r2'].entries()) answerTo(stores[i + 1]?.acquire(acquiring(id)) ?? []);
    answerTo(store.acquire(acquiring('me')));
    answerTo(store.acquire(acquiring('me')));
    expect(standing()).toEqual(['me']);
    expect(answerTo(store.withdraw?.(withdrawing('me')) ?? [])).toEqual({ status: 'withdrawn' });
    expect(standing()).toEqual([]);
  });

  it('receives the list also while a read is pending', () => {
    const { stores, store, answerTo, pass, standing } = three();
    answerTo(store.acquire(acquiring('x')));
    answerTo(store.acquire(acquiring('y')));
    for (const each of stores) each.hang();
    from(store.read({ ...reading, timeout: 1_000 })).subscribe();
    pass(10);
    for (const each of stores) each.heal();
    expect(standing()).toEqual(['y']);
  });
});
