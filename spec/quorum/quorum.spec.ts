import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { NEVER, type Observable, of, Subject, throwError } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { elect } from '../../lib/election/elect.js';
import type { Election } from '../../lib/election/election.js';
import { ElectionError } from '../../lib/port/errors.js';
import type {
  AcquireRequest,
  LeaseReply,
  LeaseRequest,
  LeaseStore,
  RenewReply,
  RenewRequest,
} from '../../lib/port/lease-store.js';
import { quorum } from '../../lib/quorum/quorum.js';
import { MemoryLeaseStore } from '../../lib/testing/index.js';
import { TIMES } from '../support/virtual-time.js';

const { ttl, timeout } = TIMES;

/** Three stores with different clocks, and candidates over a quorum of them, in virtual time. */
class World {
  readonly scheduler = new TestScheduler(() => {});
  readonly stores = [0, 777, -5_000].map(
    (ahead) =>
      new MemoryLeaseStore({ clock: this.scheduler, scheduler: this.scheduler, epoch: 1e12 + ahead, latency: 2 }),
  ) as [MemoryLeaseStore, MemoryLeaseStore, MemoryLeaseStore];
  readonly #elections: Election[] = [];

  get store(): LeaseStore {
    return quorum(this.stores, { scheduler: this.scheduler });
  }

  candidate(name: string, store: LeaseStore = this.store): { election: Election; told: string[] } {
    const election = elect({ ...TIMES, store, key: 'k', name, scheduler: this.scheduler });
    const told: string[] = [];
    election.subscribe((t) => told.push(t.role === 'follower' ? t.reason : t.role));
    this.#elections.push(election);
    return { election, told };
  }

  run(ms: number): void {
    this.scheduler.maxFrames = this.scheduler.frame + ms;
    this.scheduler.schedule(() => {}, ms); // lets time pass without other timers
    this.scheduler.flush();
  }

  /** The number of stores at which `election` holds the lease. */
  held({ term }: Election): number {
    return this.stores.filter((store) => term && store.lease('k')?.id.startsWith(term.id)).length;
  }

  /** The number of leases under which nobody leads. */
  get leftovers(): number {
    const ids = this.#elections.map(({ term }) => term?.id).filter((id) => id !== undefined);
    const leases = this.stores.map((store) => store.lease('k')?.id).filter((id) => id !== undefined);
    return leases.filter((id) => !ids.some((own) => id.startsWith(own))).length;
  }
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('an election over a quorum', () => {
  it('survives a minority that is down, hangs or does not reply (G1, G5)', () => {
    for (const fault of ['fail', 'hang', 'loseReplies'] as const) {
      const world = new World();
      const [a, b] = [world.candidate('a'), world.candidate('b')];
      world.run(100);
      expect([a.told, b.told]).toEqual([['leader'], ['standby']]);
      if (fault === 'fail') world.stores[1].fail('STORE_UNAVAILABLE');
      else world.stores[1][fault]();
      world.run(3 * ttl);
      expect([a.told, b.told]).toEqual([['leader'], ['standby']]);
      const { token = 0 } = a.election.term ?? {};
      void a.election.close();
      world.run(timeout);
      expect(b.told).toEqual(['standby', 'leader']);
      expect(b.election.term?.token).toBeGreaterThan(token);
    }
  });

  it('has no leader without a majority, and has one again with it (G1, G2, G5)', () => {
    const world = new World();
    const [a, b] = [world.candidate('a'), world.candidate('b')];
    world.run(100);
    world.stores[0].hang();
    world.stores[2].fail('STORE_UNAVAILABLE');
    world.run(2 * ttl);
    expect(a.told).toEqual(['leader', 'expired', 'error']);
    expect([a.election.isLeading, b.election.isLeading]).toEqual([false, false]);
    world.stores[0].heal();
    world.run(ttl + 3 * timeout);
    expect([a, b].filter(({ election }) => election.isLeading)).toHaveLength(1);
    expect(world.leftovers).toBe(0);
  });

  it('adds a store to the term that was emptied, or whose lease another candidate tried in vain (G1)', () => {
    const world = new World();
    world.stores[2].hang();
    const { election } = world.candidate('a');
    world.run(100);
    expect(world.held(election)).toBe(2);
    world.stores[2].heal();
    // A candidate that only this store grants leaves a token above the term's there.
    const alone = { key: 'k', id: 'alone', timeout: 10 };
    const acquire = { ...alone, verb: 'acquire', ttl, name: 'x', lastToken: 2 ** 52, coldStart: 'elect' } as const;
    world.run(3 * ttl);
    world.stores[2].evict('k', 'lease');
    world.stores[2].evict('k', 'record');
    world.stores[2].acquire(acquire).subscribe();
    world.run(2 * ttl);
    world.stores[2].release({ ...alone, verb: 'release' }).subscribe();
    world.run(2 * TIMES.renewEvery);
    expect(world.stores[2].record('k')?.token).toBeGreaterThan(2 ** 52);
    expect(world.held(election)).toBe(3);
    world.stores[0].fail('STORE_UNAVAILABLE');
    world.run(2 * ttl);
    expect(election.isLeading).toBe(true);
  });

  it('keeps no minority grant: it gives back the grants of too few stores, also late ones', () => {
    const world = new World();
    // Holds two of three stores for the whole test.
    for (const store of [world.stores[0], world.stores[1]]) store.put('k', 'somebody', ttl);
    const b = world.candidate('b');
    world.run(20);
    expect(b.told).toEqual(['standby']);
    expect(world.stores[2].lease('k')).toBeUndefined();
  });

  it('settles split votes within round trips, not leases (G5)', () => {
    const world = new World();
    world.stores[0].put('k', 'x', 50);
    world.stores[1].put('k', 'y', 5);
    const a = world.candidate('a');
    const b = world.candidate('b');
    world.run(2 * timeout);
    expect([a, b].filter(({ election }) => election.isLeading)).toHaveLength(1);
  });

  it('grants rising tokens from one majority to another, and has them on record at a majority before anyone leads (G3)', () => {
    const world = new World();
    const tokens: number[] = [];
    for (const down of [0, 1, 2, 0, 2, 1] as const) {
      world.stores[down].fail('STORE_UNAVAILABLE');
      const one = world.candidate(`down ${down}`);
      world.run(50);
      const { token = 0 } = one.election.term ?? {};
      tokens.push(token);
      const known = world.stores.filter((store) => (store.record('k')?.token ?? 0) >= token);
      expect(known.length).toBeGreaterThanOrEqual(2);
      void one.election.close();
      world.run(2 * timeout);
      world.stores[down].heal();
      world.run(10);
    }
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(6);
    expect(Math.min(...tokens)).toBeGreaterThan(0);
  });

  it('lists each standing candidate once, though each store has its own list', async () => {
    const world = new World();
    const [a] = [world.candidate('a'), world.candidate('b')];
    world.run(100);
    const listed = a.election.candidates();
    world.run(10);
    expect((await listed).map(({ name }) => name)).toEqual(['b']);
  });

  it('hands over to the named candidate, which each store finds in its own list', () => {
    const world = new World();
    const names = ['a', 'b', 'c', 'd'];
    const all = names.map((name) => {
      const one = world.candidate(name).election;
      world.run(100);
      return one;
    });
    void all[0]?.resign({ to: 'b' });
    world.run(timeout);
    expect(names.filter((_, i) => all[i]?.isLeading)).toEqual(['b']);
  });

  it('leaves nothing behind (G6)', () => {
    const world = new World();
    const [a, b] = [world.candidate('a'), world.candidate('b')];
    world.run(500);
    world.stores[1].hang();
    for (const { election } of [a, b]) void election.close();
    world.run(2 * ttl);
    expect(world.scheduler.actions).toHaveLength(0);
    expect([0, 2].map((i) => world.stores[i]?.lease('k'))).toEqual([undefined, undefined]);
  });
});

describe('a request to a quorum', () => {
  const acquire: AcquireRequest = {
    verb: 'acquire',
    key: 'k',
    id: 'me',
    timeout: 100,
    ttl: 1_000,
    name: 'me',
    lastToken: 0,
    coldStart: 'elect',
  };

  /** A store that answers acquires on demand, and records its requests. */
  function slow() {
    const asked: string[] = [];
    const answers: Array<Subject<LeaseReply>> = [];
    const answer = () => {
      const reply = new Subject<LeaseReply>();
      answers.push(reply);
      return reply as never;
    };
    const note = (reply: LeaseReply) => (request: LeaseRequest) => {
      asked.push('id' in request ? `${request.verb} ${request.id}` : request.verb);
      return of(reply) as never;
    };
    const store: LeaseStore = {
      acquire: (request) => {
        asked.push(`acquire ${request.id}`);
        return answer();
      },
      renew: note({ status: 'renewed' }),
      release: note({ status: 'released' }),
      read: note({ status: 'free' }),
    };
    return { store, asked, grant: (token: number) => settle(answers.shift(), { status: 'granted', token }), answers };
  }

  const settle = (reply: Subject<LeaseReply> | undefined, value: LeaseReply) => {
    reply?.next(value);
    reply?.complete();
  };

  it('is answered without the slow store, whose grant receives the token or is given back', () => {
    const scheduler = new TestScheduler(() => {});
    const [a, b, c] = [slow(), slow(), slow()];
    const store = quorum([a.store, b.store, c.store], { scheduler });
    const told: LeaseReply[] = [];
    (store.acquire(acquire) as never as Subject<LeaseReply>).subscribe((reply) => told.push(reply));
    a.grant(5);
    expect(told).toEqual([]);
    b.grant(9);
    expect(told).toEqual([{ status: 'granted', token: 9 }]);
    expect([a.asked, b.asked]).toEqual([['acquire me', 'renew me'], ['acquire me']]);
    c.grant(7);
    expect(c.asked).toEqual(['acquire me', 'renew me']);
  });

  const HELD: LeaseReply = { status: 'held', holder: { id: 'rival', expiresIn: 500 } };

  /** Three slow stores, a quorum of them, and the reply to each attempt to acquire. */
  function slowly(clock = { now: () => 0 }) {
    const stores = [slow(), slow(), slow()] as const;
    const store = quorum(
      stores.map((each) => each.store),
      { scheduler: new TestScheduler(() => {}), clock },
    );
    const told: LeaseReply[] = [];
    const attempt = (more: Partial<AcquireRequest> = {}) => {
      (store.acquire({ ...acquire, ...more }) as never as Subject<LeaseReply>).subscribe((reply) => told.push(reply));
    };
    return { stores, store, told, attempt };
  }

  it('wins once its token is on record at a majority, and changes nothing else of the lease (G3)', () => {
    const { stores, told, attempt } = slowly();
    const [a, b] = stores;
    const written = new Subject<RenewReply>();
    const writes: RenewRequest[] = [];
    a.store.renew = (request) => {
      writes.push(request);
      return written;
    };
    attempt({ data: 'http://me' });
    settle(a.answers.shift(), { status: 'granted', token: 5, run: 'run of a' });
    b.grant(9);
    expect(told).toEqual([]);
    expect(writes).toMatchObject([{ id: 'me', token: 9, ttl: 1_000, name: 'me', data: 'http://me', run: 'run of a' }]);
    written.next({ status: 'renewed' });
    expect(told).toEqual([{ status: 'granted', token: 9 }]);
  });

  it.each<[string, Observable<RenewReply>]>([
    ['has lost the lease again', of({ status: 'lost' })],
    ['says that it comes too late', of({ status: 'late' })],
    ['refuses it', throwError(() => new ElectionError('STORE_READONLY', 'scripted'))],
  ])('wins by another store if one that must record its token %s, and fails without another (G3)', (_, answer) => {
    for (const other of ['grants', 'refuses'] as const) {
      const { stores, told, attempt } = slowly();
      const [a, b, c] = stores;
      a.store.renew = () => answer;
      attempt();
      a.grant(5);
      b.grant(9);
      expect(told).toEqual([]);
      if (other === 'grants') c.grant(9);
      else settle(c.answers.shift(), HELD);
      expect(told).toEqual(other === 'grants' ? [{ status: 'granted', token: 9 }] : [{ status: 'late' }]);
    }
  });

  it('that nobody could win is repeated after a random time, which grows with failures up to a timeout (G5)', () => {
    let now = 0;
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const { stores, told, attempt } = slowly({ now: () => now });
    const [a, b, c] = stores;
    const fail = () => {
      attempt();
      now += 3; // ms of one request
      a.grant(5);
      for (const [each, id] of [
        [b, 'x'],
        [c, 'y'],
      ] as const) {
        settle(each.answers.shift(), { status: 'held', holder: { id, expiresIn: 500 } });
      }
    };
    for (let times = 0; times < 5; times += 1) fail();
    random.mockReturnValue(0);
    fail();
    expect(told.map((reply) => 'wait' in reply && reply.wait)).toEqual([6, 12, 24, 48, 50, 1]);
  });

  /** A term with the token 9 at all three stores, whose grants contain their runs. */
  function won(clock?: { now(): number }) {
    const quorate = slowly(clock);
    quorate.attempt();
    for (const [i, each] of quorate.stores.entries()) {
      settle(each.answers.shift(), { status: 'granted', token: 9, run: `run ${i}` });
    }
    const renew = () => {
      const request = { verb: 'renew', key: 'k', timeout: 100, ttl: 1_000, id: 'me', name: 'me', token: 9 } as const;
      (quorate.store.renew(request) as never as Subject<LeaseReply>).subscribe({ error: () => {} });
    };
    return { ...quorate, renew };
  }

  it('renews at each store with the run that granted the term there', () => {
    const { stores, renew } = won();
    const runs: unknown[] = [];
    for (const each of stores) {
      each.store.renew = ({ run }) => {
        runs.push(run);
        return of({ status: 'renewed' });
      };
    }
    renew();
    expect(runs).toEqual(['run 0', 'run 1', 'run 2']);
  });

  it.each<[string, Observable<RenewReply>, boolean]>([
    ['renewed it', of({ status: 'renewed' }), true],
    ['said nothing', throwError(() => new ElectionError('STORE_TIMEOUT', 'scripted')), true],
    ['lost it, too', of({ status: 'lost' }), false],
  ])('gives back the rest of a term that a majority has lost, at a store that has %s', (_, answer, isTakenBack) => {
    const { stores, renew } = won();
    const [a, b, c] = stores;
    a.store.renew = () => answer;
    for (const each of [b, c]) each.store.renew = () => of({ status: 'lost' });
    renew();
    expect(stores.map(({ asked }) => asked.includes('release me'))).toEqual([isTakenBack, false, false]);
  });

  it('joins a store that has lost the term, and then renews there with the run of that grant', () => {
    const { stores, renew } = won();
    const [a] = stores;
    const runs: unknown[] = [];
    a.store.renew = ({ run }) => {
      runs.push(run);
      return of(runs.length === 1 ? { status: 'lost' } : { status: 'renewed' });
    };
    renew();
    expect(a.asked.filter((asked) => asked === 'acquire me')).toHaveLength(2);
    settle(a.answers.shift(), { status: 'granted', token: 9, run: 'another run' });
    renew();
    expect(runs).toEqual(['run 0', 'another run']);
  });

  it('does not acquire at one store with another holder while a majority renews its own lease', () => {
    const { stores, renew } = won();
    const [a] = stores;
    a.store.renew = () => of({ status: 'lost', holder: { id: 'rival', expiresIn: 500 } });
    renew();
    expect(a.asked.filter((asked) => asked === 'acquire me')).toHaveLength(1);
  });

  it('that is repeated is another term once a majority has lost the first (G3)', () => {
    const { stores, told, attempt, renew } = won();
    for (const each of stores) each.store.renew = () => of({ status: 'lost' });
    renew();
    attempt({ lastToken: 9 });
    for (const each of stores) {
      each.store.renew = () => of({ status: 'renewed' });
      each.grant(9);
    }
    expect(told.map(({ token }) => token)).toEqual([9, 10]);
  });

  it('that is repeated is the same term for a ttl from its last renewal on', () => {
    let now = 0;
    const { stores, told, attempt, renew } = won({ now: () => now });
    now = 900;
    renew();
    now = 1_500;
    attempt();
    for (const [i, each] of stores.entries()) each.grant(9 + i);
    expect(told.map(({ token }) => token)).toEqual([9, 9]);
  });

  it('releases with a notice to everyone, since a quiet release at one store is unknown to the others', () => {
    const { stores, store } = won();
    const released: LeaseRequest[] = [];
    stores[0].store.release = (request) => {
      released.push(request);
      return of({ status: 'released' });
    };
    const request = { verb: 'release', key: 'k', timeout: 100, id: 'me', quiet: true } as const;
    (store.release(request) as never as Subject<LeaseReply>).subscribe();
    expect(released).toMatchObject([{ id: 'me' }]);
    expect(released[0]).not.toHaveProperty('quiet');
  });

  it('does not continue at slow stores once its term has been released (G4)', () => {
    const { stores, store, told, attempt } = slowly();
    const [a, b, c] = stores;
    attempt();
    a.grant(5);
    b.grant(9);
    expect(told).toEqual([{ status: 'granted', token: 9 }]);
    (store.release({ verb: 'release', key: 'k', timeout: 100, id: 'me' }) as never as Subject<LeaseReply>).subscribe();
    c.grant(7);
    expect(c.asked[0]).toBe('acquire me');
    expect(new Set(c.asked.slice(1))).toEqual(new Set(['release me']));
  });

  it('leaves a late grant to the next attempt that asks for it there (G1)', () => {
    const { stores, told, attempt } = slowly();
    const [a, b, c] = stores;
    attempt();
    for (const each of [a, b]) settle(each.answers.shift(), HELD);
    attempt();
    a.grant(6);
    c.grant(4);
    c.grant(4);
    expect(told).toMatchObject([{ status: 'held' }, { status: 'granted', token: 6 }]);
    expect(c.asked).toEqual(['acquire me', 'acquire me', 'renew me']);
  });

  it('gives back a late grant if the next attempt has failed before its turn came', () => {
    const { stores, told, attempt } = slowly();
    const [a, b, c] = stores;
    for (let times = 0; times < 2; times += 1) {
      attempt();
      for (const each of [a, b]) settle(each.answers.shift(), HELD);
    }
    expect(told).toMatchObject([{ status: 'held' }, { status: 'held' }]);
    c.grant(4);
    expect(c.asked).toEqual(['acquire me', 'release me']);
  });

  it('that is repeated is the same term for a ttl, and then another, since another candidate may have led (G3)', () => {
    let now = 0;
    const { stores, told, attempt } = slowly({ now: () => now });
    const [a, b] = stores;
    for (const [time, tokens] of [
      [0, [5, 9]],
      [999, [9, 12]],
      [2_500, [20, 21]],
    ] as const) {
      now = time;
      attempt();
      a.grant(tokens[0]);
      b.grant(tokens[1]);
      stores[2].grant(tokens[1]);
    }
    expect(told.map(({ token }) => token)).toEqual([9, 9, 21]);
  });

  it('that is repeated is another term, with a higher token, if a store has forgotten the first (G3)', () => {
    const { stores, told, attempt } = slowly();
    const [a, b, c] = stores;
    for (const tokens of [
      [5, 9],
      [9, 1],
    ] as const) {
      attempt({ lastToken: told[0]?.token ?? 0 });
      a.grant(tokens[0]);
      b.grant(tokens[1]);
      c.grant(tokens[1]);
    }
    expect(told.map(({ token }) => token)).toEqual([9, 10]);
  });

  it('that is cancelled gives back later grants, and asks under another id next', () => {
    const scheduler = new TestScheduler(() => {});
    const [a, b, c] = [slow(), slow(), slow()];
    const store = quorum([a.store, b.store, c.store], { scheduler });
    const subscription = (store.acquire(acquire) as never as Subject<LeaseReply>).subscribe();
    a.grant(5);
    subscription.unsubscribe();
    expect(a.asked).toEqual(['acquire me', 'release me']);
    b.grant(6);
    expect(b.asked).toEqual(['acquire me', 'release me']);
    (store.acquire(acquire) as never as Subject<LeaseReply>).subscribe();
    expect(a.asked.at(-1)).toBe('acquire me~1');
    expect(c.asked).toEqual(['acquire me']); // one request at a time: the first is still pending
  });

  it('builds no term of grants that arrive too late, as in a suspended process (G1)', () => {
    const scheduler = new TestScheduler(() => {});
    let now = 0;
    const [a, b, c] = [slow(), slow(), slow()];
    const store = quorum([a.store, b.store, c.store], { scheduler, clock: { now: () => now } });
    const failed: unknown[] = [];
    (store.acquire(acquire) as never as Subject<LeaseReply>).subscribe({ error: (error) => failed.push(error) });
    a.grant(5);
    now = 100;
    b.grant(6);
    expect(failed).toMatchObject([{ code: 'STORE_TIMEOUT' }]);
    expect([a.asked.at(-1), b.asked.at(-1)]).toEqual(['release me', 'release me']);
  });

  it('does not acquire at a silent store before it has answered a read (G4)', () => {
    const scheduler = new TestScheduler(() => {});
    const asked: string[] = [];
    const unheard = ({ verb }: LeaseRequest) => {
      asked.push(verb);
      return NEVER;
    };
    const silent: LeaseStore = { acquire: unheard, renew: unheard, release: unheard, read: unheard };
    const others = [new MemoryLeaseStore({ clock: scheduler }), new MemoryLeaseStore({ clock: scheduler })];
    for (const other of others) other.put('k', 'somebody', 1e6);
    const store = quorum([silent, ...others], { scheduler });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      (store.acquire({ ...acquire, id: `me ${attempt}` }) as never as Subject<LeaseReply>).subscribe();
      scheduler.maxFrames = scheduler.frame + 1_000;
      scheduler.flush();
    }
    expect(asked).toEqual(['acquire', 'release', 'read', 'read']);
  });
});

describe('quorum', () => {
  const stores = Array.from({ length: 3 }, () => new MemoryLeaseStore());
  const refused = (...args: unknown[]) => {
    try {
      (quorum as (...args: unknown[]) => unknown)(...args);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it.each([
    ['no array', [undefined], /"stores": must be one array of 3 or more.*received undefined/],
    ['one store', [stores.slice(0, 1)], /"stores": must be one array of 3 or more.*received an array of 1/],
    ['two stores', [stores.slice(0, 2)], /"stores": must be one array of 3 or more/],
    ['the same store twice', [[...stores, stores[1]]], /"stores\[3\]": must not be stores\[1\] again/],
    ['a hole', [Object.assign([stores[0]], { 2: stores[1] })], /"stores\[1\]": must be a LeaseStore/],
    ['something that is no store', [[...stores, 'redis']], /"stores\[3\]": must be a LeaseStore.*received "redis"/],
    ['nothing', [[...stores, null]], /"stores\[3\]": must be a LeaseStore.*received null/],
    ['a scheduler that is none', [stores, { scheduler: 1 }], /"scheduler": must be an RxJS scheduler; received 1/],
    ['a clock that is none', [stores, { clock: {} }], /"clock": must be a clock/],
  ])('rejects %s', (_, args, message) => {
    expect(refused(...args)).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringMatching(message) });
  });

  it('accepts any number from three on', () => {
    for (const count of [3, 4, 5]) {
      const many = Array.from({ length: count }, () => new MemoryLeaseStore());
      expect(refused(many)).toBeUndefined();
    }
  });
});
