import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Election, elect, replicated } from 'rx-leader';
import { PACE } from '../support/pace.js';
import { until } from '../support/until.js';
import { kindsOf, type Made } from './kinds.js';
import { beginMigration } from './migration.js';
import { cluster, type Servers } from './servers.js';

let servers: Servers;
beforeAll(async () => {
  servers = await cluster();
}, 60_000);
afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
});

describe.each(kindsOf('cluster'))('a slot that is moved, under $client', (kind) => {
  const made: Made[] = [];
  const elections: Election[] = [];
  /** Many renewals in a lease, so that a slow machine still moves a slot within one lease. */
  const TIMES = { ttl: PACE * 8_000, renewEvery: PACE * 1_000, timeout: PACE * 1_000, jitter: 0 };

  afterEach(async () => {
    await Promise.all(elections.splice(0).map((election) => election.close()));
    for (const { close } of made.splice(0)) await close();
  });

  const stand = async (key: string, replicas = 0): Promise<Election> => {
    const one = await kind.make(servers.endpoints);
    made.push(one);
    const where = replicas > 0 ? { store: replicated(one.redis, { replicas }) } : { redis: one.redis };
    const election = elect({ ...where, key, ...TIMES });
    elections.push(election);
    election.subscribe();
    return election;
  };

  /** Resolves when the lease has been renewed this often. */
  const renewals = async ({ term }: Election, count: number): Promise<void> => {
    for (let seen = 0; seen < count; seen++) {
      let least = Number.POSITIVE_INFINITY;
      await until(
        () => {
          const left = term?.remaining() ?? 0;
          if (left > least) return true;
          least = left;
          return false;
        },
        { every: 5, what: 'a renewal' },
      );
    }
  };

  it('costs no leadership, though followers cannot ask until it has been moved (G1, G5)', async () => {
    const key = `moved, ${kind.client}`;
    const a = await stand(key);
    await until(() => a.isLeading);
    const b = await stand(key);
    await until(() => b.role === 'follower');
    const { term } = a;
    const migration = await beginMigration(servers, key);
    await renewals(a, TIMES.ttl / TIMES.renewEvery + 1); // more than a ttl
    expect([a.term, b.isLeading]).toEqual([term, false]);
    await migration.finish();
    await renewals(a, 2);
    await until(() => b.role === 'follower', { within: 2 * TIMES.ttl });
    expect(a.term).toBe(term);
    // The record of another server is not trusted. By now the new server has renewed the lease, so
    // its run is known.
    await renewals(a, 2);
    await a.close();
    await until(() => b.isLeading, { within: TIMES.ttl / 4 });
  });

  it('is confirmed by the replicas of its new master, once it has been moved (G5)', async () => {
    const key = `moved and replicated, ${kind.client}`;
    const a = await stand(key, 1);
    await until(() => a.isLeading);
    const { term } = a;
    await renewals(a, 1);
    const migration = await beginMigration(servers, key);
    // A renewal meets the slot during the move, when nothing can be confirmed.
    const begun = performance.now();
    await until(() => performance.now() > begun + TIMES.renewEvery + 50, { every: 5 });
    await migration.finish();
    await renewals(a, 3);
    expect(a.term).toBe(term);
  });
});
