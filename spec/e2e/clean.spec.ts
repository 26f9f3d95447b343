import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { elect, whileLeader } from 'rx-leader';
import { NEVER } from 'rxjs';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { openResources } from '../support/resources.js';
import { until } from '../support/until.js';
import { candidatesOfEachSpec, expectNext } from './candidates.js';

const TTL = 2_000;
/** A timer left behind would keep an exiting process alive for at least a third of this. */
const LONG = 30_000;
const start = candidatesOfEachSpec();

let server: RedisServer;
let redis: Client;

beforeAll(async () => {
  server = await startRedis();
});

beforeEach(async () => {
  redis = await server.client();
  await redis.flushAll();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const leases = () => redis.keys('leader:*');
const listeners = (client: Client) => client.eventNames().map((name) => [name, client.listenerCount(name)]);
const timers = () => openResources('Timeout');

describe('a process (G6)', () => {
  const stand = () => start({ url: server.url, key: 'clean', ttl: LONG, wait: LONG });

  it.each(['leader', 'follower'] as const)(
    'with an unsubscribed %s and a closed client exits by itself at once',
    async (role) => {
      const others = role === 'leader' ? [] : [stand()];
      for (const other of others) await expectNext(other, { role: 'leader' });
      const candidate = stand();
      await expectNext(candidate, { role });
      candidate.signal('SIGUSR2');
      await candidate.next(({ event }) => event === 'closed');
      const closed = performance.now();
      expect(await candidate.exit).toEqual({ code: 0, signal: null });
      expect(performance.now() - closed).toBeLessThan(LONG / 6);
      expect(await leases()).toHaveLength(others.length);
    },
  );
});

describe('unsubscribing (G6)', () => {
  it('leaves no timer, no listener on the client and no lease behind, and emits nothing more', async () => {
    const [listening, ticking] = [listeners(redis), timers()];
    const told: string[] = [];
    const election = elect({ redis, key: 'clean', ttl: TTL });
    const subscription = election.subscribe(({ role }) => told.push(role));
    await until(() => election.isLeading);
    expect(listeners(redis)).not.toEqual(listening);
    expect(await leases()).toHaveLength(1);

    subscription.unsubscribe();
    expect([election.isLeading, election.role, election.term]).toEqual([false, undefined, undefined]);
    await election.close();
    expect(listeners(redis)).toEqual(listening);
    expect(timers()).toBeLessThanOrEqual(ticking);
    expect(await leases()).toEqual([]);
    expect(told).toEqual(['leader']);
  });

  it('before the first reply also leaves nothing behind, though the lease was granted meanwhile (G4)', async () => {
    const listening = listeners(redis);
    const election = elect({ redis, key: 'clean', ttl: TTL });
    election.subscribe(() => expect('anything').toBe('nothing')).unsubscribe();
    await election.close();
    expect(await leases()).toEqual([]);
    expect(listeners(redis)).toEqual(listening);
  });

  it('two thousand times leaves no listeners, and the heap unchanged', async () => {
    const listening = listeners(redis);
    const election = elect({ redis, key: 'clean', ttl: TTL });
    const cycle = async () => {
      const leading = new Promise<void>((resolve, reject) => {
        const subscription = election.pipe(whileLeader(() => NEVER)).subscribe({ error: reject });
        subscription.add(election.subscribe(({ role }) => role === 'leader' && resolve()));
        ending = () => subscription.unsubscribe();
      });
      await leading;
      ending();
    };
    let ending = () => {};
    const heaps: number[] = [];
    for (let round = 0; round <= 10; round++) {
      for (let count = 0; count < 200; count++) await cycle();
      heaps.push(heapUsed());
    }
    await election.close();
    expect(listeners(redis)).toEqual(listening);
    expect(await leases()).toEqual([]);
    // A leak occurs in every round, and a one-time compilation or cache only in some. A retained
    // term weighs one or two kilobytes.
    const growth = heaps.slice(1).map((heap, round) => heap - (heaps[round] ?? 0));
    expect(Math.min(...growth)).toBeLessThan(200 * 512);
  });
});

describe('await using (G6)', () => {
  it('has released the lease, and removed its listeners, when the block is left', async () => {
    const listening = listeners(redis);
    const told: string[] = [];
    {
      await using election = elect({ redis, key: 'clean', ttl: TTL });
      election.subscribe({
        next: (transition) => told.push(transition.role === 'follower' ? transition.reason : transition.role),
        complete: () => told.push('complete'),
      });
      await until(() => election.isLeading);
    }
    expect(await leases()).toEqual([]);
    expect(listeners(redis)).toEqual(listening);
    expect(told).toEqual(['leader', 'closed', 'complete']);
  });
});

/** Bytes in use after a garbage collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  gc();
  return process.memoryUsage().heapUsed;
}
