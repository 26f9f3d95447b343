import { beforeEach, describe, expect, it } from '@jest/globals';
import { ElectionError, elect, type Transition } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { type Observable, VirtualTimeScheduler } from 'rxjs';
import type { LeaseReply, Notice } from '../../lib/port/lease-store.js';
import { acquireRequest, KEY } from '../redis/ask.js';

const TTL = 1_000;

let now: number;
let store: MemoryLeaseStore;

beforeEach(() => {
  now = 0;
  store = new MemoryLeaseStore({ clock: { now: () => now } });
});

/** What `asked` has emitted so far: replies, errors by their code, and its completion. */
function outcome(asked: Observable<LeaseReply>): unknown[] {
  const seen: unknown[] = [];
  const subscription = asked.subscribe({
    next: ({ status }) => seen.push(status),
    error: (error) => seen.push(error.code ?? error),
    complete: () => seen.push('complete'),
  });
  subscription.unsubscribe();
  return seen;
}

const common = { key: KEY, timeout: 100 };
const acquire = (id = 'me') => store.acquire(acquireRequest({ id, ttl: TTL }));
const renew = (id = 'me') => store.renew({ verb: 'renew', ...common, id, ttl: TTL, token: 1, name: 'my name' });
const release = (id = 'me') => store.release({ verb: 'release', ...common, id });
const read = () => store.read({ verb: 'read', ...common });

describe('MemoryLeaseStore', () => {
  it('answers each subscription at once, and does nothing before', () => {
    const asked = acquire();
    expect(store.lease(KEY)).toBeUndefined();
    expect(outcome(asked)).toEqual(['granted', 'complete']);
    expect(outcome(asked)).toEqual(['granted', 'complete']);
    expect(outcome(acquire('other'))).toEqual(['held', 'complete']);
    expect([outcome(renew()), outcome(release()), outcome(read())]).toEqual([
      ['renewed', 'complete'],
      ['released', 'complete'],
      ['free', 'complete'],
    ]);
  });

  it('exposes its contents', () => {
    expect([store.lease(KEY), store.record(KEY)]).toEqual([undefined, undefined]);
    outcome(acquire());
    now = 400;
    const until = Date.UTC(2020, 0) + TTL;
    expect(store.lease(KEY)).toEqual({ id: 'me', expiresIn: TTL - 400 });
    const token = Date.UTC(2020, 0) * 1000;
    expect(store.record(KEY)).toEqual({
      token,
      id: 'me',
      name: 'my name',
      data: '',
      run: 'run1',
      until,
      at: until - TTL,
      peak: 0,
    });
    now = TTL + 1;
    expect(store.lease(KEY)).toBeUndefined();
    expect(store.record(KEY)?.id).toBe('me');
  });

  it('reads time from its clock, from the given epoch, to the µs', () => {
    const clock = { now: () => 0.1234 };
    expect(new MemoryLeaseStore({ clock, epoch: 5_000 }).time).toBe(5_000.123);
    expect(new MemoryLeaseStore({ clock: { now: () => 0.9999 }, epoch: 5_000 }).time).toBe(5_001);
    expect(new MemoryLeaseStore({ clock }).time).toBe(Date.UTC(2020, 0) + 0.123);
  });

  it('uses real time without a clock', () => {
    const real = new MemoryLeaseStore();
    const [before, start] = [real.time, performance.now()];
    while (performance.now() - start < 5);
    expect(real.time - before).toBeGreaterThanOrEqual(4.9);
  });
});

describe('MemoryLeaseStore: faults', () => {
  const ALL = [() => acquire('other'), renew, release, read];

  it('fails every request, with a code or a custom error, and changes nothing', () => {
    outcome(acquire());
    const before = [store.lease(KEY), store.record(KEY)];
    store.fail('STORE_FULL');
    expect(ALL.map((ask) => outcome(ask()))).toEqual(ALL.map(() => ['STORE_FULL']));
    const error = new Error('my own');
    store.fail(error);
    expect(ALL.map((ask) => outcome(ask()))).toEqual(ALL.map(() => [error]));
    expect([store.lease(KEY), store.record(KEY)]).toEqual(before);
  });

  it('fails with an ElectionError', () => {
    store.fail('STORE_DENIED');
    acquire().subscribe({ error: (error) => expect(error).toBeInstanceOf(ElectionError) });
    expect.assertions(1);
  });

  it('hangs: neither executes nor replies', () => {
    store.hang();
    expect(outcome(acquire())).toEqual([]);
    expect(store.lease(KEY)).toBeUndefined();
  });

  it('loses replies: executes without a reply, even an error', () => {
    store.loseReplies();
    expect(outcome(acquire())).toEqual([]);
    expect(store.lease(KEY)?.id).toBe('me');
    expect(outcome(release())).toEqual([]);
    expect(store.lease(KEY)).toBeUndefined();
    store.put(KEY, 'no lease');
    expect(outcome(read())).toEqual([]);
  });

  it('heals', () => {
    for (const fault of [() => store.fail('STORE_FULL'), () => store.hang(), () => store.loseReplies()]) {
      fault();
      outcome(read());
      store.heal();
      expect(outcome(read())).toEqual(['free', 'complete']);
    }
  });

  it('is flushed', () => {
    outcome(acquire());
    store.flush();
    expect([store.lease(KEY), store.record(KEY)]).toEqual([undefined, undefined]);
  });

  it('evicts the lease alone, or the record alone', () => {
    outcome(acquire());
    store.evict(KEY, 'lease');
    expect([store.lease(KEY), store.record(KEY)?.id]).toEqual([undefined, 'me']);
    store.flush();
    outcome(acquire());
    store.evict(KEY, 'record');
    expect([store.lease(KEY)?.id, store.record(KEY)]).toEqual(['me', undefined]);
    store.evict('another', 'lease');
    expect(store.lease('another')).toBeUndefined();
  });

  it('restarts: empty, or with its data, and always with a new run id', () => {
    outcome(acquire());
    store.restart({ keep: true });
    expect([store.lease(KEY)?.id, store.record(KEY)?.run]).toEqual(['me', 'run1']);
    store.evict(KEY, 'lease');
    // The earlier run may have granted more.
    expect(outcome(acquire('other'))).toEqual(['suspect', 'complete']);
    expect(store.record(KEY)).toMatchObject({ id: '', run: 'run2' });
    store.restart();
    expect([store.lease(KEY), store.record(KEY)]).toEqual([undefined, undefined]);
    outcome(acquire());
    expect(store.record(KEY)?.run).toBe('run3');
  });

  it('steps its wall clock, and the leases with it', () => {
    outcome(acquire());
    const before = store.time;
    store.stepClock(-10_000);
    expect(store.time).toBe(before - 10_000);
    expect(store.lease(KEY)?.expiresIn).toBe(TTL + 10_000);
    expect(outcome(acquire('other'))).toEqual(['held', 'complete']);
    // Shortened: no candidate would set it further ahead.
    expect(store.lease(KEY)?.expiresIn).toBe(TTL);
    store.stepClock(TTL + 1);
    expect(store.lease(KEY)).toBeUndefined();
  });

  it('does not restore a lease that had expired before its wall clock was set back', () => {
    outcome(acquire());
    store.stepClock(TTL + 1);
    store.stepClock(-TTL);
    expect(store.lease(KEY)).toBeUndefined();
    expect(outcome(read())).toEqual(['free', 'complete']);
  });

  it('does not copy an expired lease', () => {
    outcome(acquire());
    now = TTL + 1;
    const copy = store.copy();
    now = 0;
    store.failOver(copy);
    expect(store.lease(KEY)).toBeUndefined();
  });

  it.each(['acquire', 'renew', 'release', 'read', 'list', 'withdraw'] as const)(
    'does not restore a lease that a request has found expired: %s',
    (verb) => {
      outcome(acquire());
      now = TTL + 1;
      const request = { verb, key: KEY, timeout: 100, ttl: TTL, id: 'other', name: '', token: 1, lastToken: 0 };
      outcome(store[verb]({ ...request, notAfter: 0, coldStart: 'elect' } as never) as Observable<LeaseReply>);
      now = 0;
      expect(store.lease(KEY)).toBeUndefined();
    },
  );

  it('can contain a holder without a record, and a value that is not a lease', () => {
    store.put(KEY, 'foreign', TTL);
    expect([store.lease(KEY), store.record(KEY)]).toEqual([{ id: 'foreign', expiresIn: TTL }, undefined]);
    store.put(KEY, 'no lease');
    expect(outcome(acquire())).toEqual(['KEY_CONFLICT']);
    expect(outcome(read())).toEqual(['KEY_CONFLICT']);
    expect(outcome(renew())).toEqual(['KEY_CONFLICT']);
    expect(store.lease(KEY)?.expiresIn).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps the record when another holder is put', () => {
    outcome(acquire());
    const before = store.record(KEY);
    store.put(KEY, 'foreign', TTL);
    expect([store.lease(KEY)?.id, store.record(KEY)]).toEqual(['foreign', before]);
  });
});

describe('MemoryLeaseStore: notices', () => {
  /** Collects the notices of `key` from now on in `told`. */
  function listen(key = KEY): { told: Notice[]; leave(): void } {
    const told: Notice[] = [];
    const subscription = store.notices(key).subscribe((notice) => told.push(notice));
    return { told, leave: () => subscription.unsubscribe() };
  }
  const kinds = ({ told }: { told: Notice[] }) => told.map(({ kind }) => kind);

  it('arrive at once, only for the subscribed key, while subscribed', () => {
    const [one, other, another] = [listen(), listen(), listen('another')];
    outcome(acquire());
    other.leave();
    outcome(release());
    expect(one.told).toEqual([
      { kind: 'listening' },
      { kind: 'elected', holder: { id: 'me', name: 'my name', token: store.record(KEY)?.token, expiresIn: TTL } },
      { kind: 'released', id: 'me' },
    ]);
    expect([kinds(other), kinds(another)]).toEqual([['listening', 'elected'], ['listening']]);
  });

  it('come after the change, and before the reply', () => {
    const log: unknown[] = [];
    const subscription = store.notices(KEY).subscribe(({ kind }) => log.push(kind, store.lease(KEY)?.id));
    acquire().subscribe(() => log.push('granted'));
    release().subscribe(() => log.push('answered'));
    subscription.unsubscribe();
    expect(log).toEqual(['listening', undefined, 'elected', 'me', 'granted', 'released', undefined, 'answered']);
  });

  it('reach every subscriber in order, whatever a subscriber does in response', () => {
    const subscription = store.notices(KEY).subscribe(({ kind }) => {
      if (kind === 'released') outcome(acquire('next'));
    });
    const last = listen();
    outcome(acquire());
    outcome(release());
    subscription.unsubscribe();
    expect(kinds(last)).toEqual(['listening', 'elected', 'released', 'elected']);
    expect(last.told[3]).toMatchObject({ holder: { id: 'next' } });
  });

  it('reach a subscriber that reacts to listening', () => {
    const told: string[] = [];
    const subscription = store.notices(KEY).subscribe(({ kind }) => {
      told.push(kind);
      if (kind === 'listening') outcome(acquire());
    });
    subscription.unsubscribe();
    expect(told).toEqual(['listening', 'elected']);
  });

  it('are muted, and healed: missed notices stay missed', () => {
    const listener = listen();
    store.muteNotices();
    store.muteNotices();
    const late = listen();
    outcome(acquire());
    expect([kinds(listener), kinds(late)]).toEqual([['listening', 'deaf'], []]);
    store.heal();
    store.heal();
    outcome(release());
    expect(kinds(listener)).toEqual(['listening', 'deaf', 'listening', 'released']);
    expect(kinds(late)).toEqual(['listening', 'released']);
  });

  it('report executed requests, answered or not, and nothing else', () => {
    const listener = listen();
    store.hang();
    outcome(acquire());
    store.fail('STORE_FULL');
    outcome(acquire());
    expect(kinds(listener)).toEqual(['listening']);
    store.loseReplies();
    outcome(acquire());
    expect(kinds(listener)).toEqual(['listening', 'elected']);
  });
});

describe('MemoryLeaseStore: latency', () => {
  let scheduler: VirtualTimeScheduler;
  let log: string[];

  beforeEach(() => {
    scheduler = new VirtualTimeScheduler();
    store = new MemoryLeaseStore({ clock: scheduler, scheduler, latency: 20 });
    log = [];
  });

  const at = (time: number, act: () => void) => scheduler.schedule(act, time);
  const note = (what: string) => log.push(`${scheduler.now()} ${what}`);

  it('publishes a notice when a request is executed', () => {
    const subscription = store.notices(KEY).subscribe(({ kind }) => note(kind));
    acquire().subscribe(({ status }) => note(status));
    scheduler.flush();
    subscription.unsubscribe();
    expect(log).toEqual(['0 listening', '10 elected', '20 granted']);
  });

  it('executes a request half-way, and then replies', () => {
    acquire().subscribe({ next: ({ status }) => note(status), complete: () => note('complete') });
    at(9, () => note(`holder ${store.lease(KEY)?.id}`));
    at(11, () => note(`holder ${store.lease(KEY)?.id}`));
    scheduler.flush();
    expect(log).toEqual(['9 holder undefined', '11 holder me', '20 granted', '20 complete']);
  });

  it('delays failures as well', () => {
    store.fail('STORE_FULL');
    read().subscribe({ error: ({ code }) => note(code) });
    scheduler.flush();
    expect(log).toEqual(['20 STORE_FULL']);
  });

  it('executes an unsubscribed request that was under way, without a reply', () => {
    const subscription = acquire().subscribe(() => note('answered'));
    at(5, () => subscription.unsubscribe());
    scheduler.flush();
    expect([log, store.lease(KEY)?.id]).toEqual([[], 'me']);
  });

  it('applies a fault to requests under way', () => {
    acquire().subscribe(() => note('answered'));
    at(5, () => store.hang());
    scheduler.flush();
    expect([log, store.lease(KEY)]).toEqual([[], undefined]);
  });
});

describe('MemoryLeaseStore under elections', () => {
  it('has one leader, and another when the first is silent, all in virtual time', () => {
    const scheduler = new VirtualTimeScheduler();
    const shared = new MemoryLeaseStore({ clock: scheduler });
    const log: string[] = [];
    const candidate = (name: string) =>
      elect({ store: shared, key: KEY, ttl: TTL, name, scheduler }).subscribe((transition: Transition) =>
        log.push(`${name} ${transition.role}`),
      );
    const one = candidate('one');
    const two = candidate('two');
    scheduler.schedule(() => one.unsubscribe(), 10 * TTL);
    scheduler.schedule(() => two.unsubscribe(), 13 * TTL);
    scheduler.maxFrames = 20 * TTL;
    scheduler.flush();
    expect(log).toEqual(['one leader', 'two follower', 'two leader']);
    expect(shared.lease(KEY)).toBeUndefined();
  });
});
