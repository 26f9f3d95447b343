import { describe } from '@jest/globals';
import { monotonic } from '../../proof/candidate.js';
import { noPutBack, noReplicas, noSuspect, plainCounter } from '../../proof/variants.js';
import { until } from '../support/until.js';
import { type Arena, RECOVERY, TIMES } from './arena.js';
import { REPLICATED, replicated } from './replicas.js';
import { row } from './row.js';

const { ttl, timeout, wait } = TIMES;

/** Fills a server that evicts until the election is gone. */
async function evict(arena: Arena): Promise<void> {
  const { admin, keys } = arena;
  await admin.configSet({ 'maxmemory-policy': 'allkeys-random', maxmemory: '1' });
  const gone = async () => (await admin.exists([keys.lease, keys.record])) === 0;
  await until(gone, { every: 1, what: 'the election to be evicted' });
  await admin.configSet({ maxmemory: '0' });
}

/**
 * Includes the ttl, which is long enough that a follower that does not wait is seen to lead beside
 * the unreachable leader.
 */
const LOSSES: ReadonlyArray<readonly [string, (arena: Arena) => Promise<unknown>, number]> = [
  ['FLUSHALL', ({ admin }) => admin.flushAll(), 2 * ttl],
  ['an eviction', evict, 2 * ttl],
  // The outage itself must fit into a lease, also on two busy cores.
  ['a restart without persistence', ({ redis }) => redis.restart(), 3 * ttl],
];

describe('a server that loses what it was told', () => {
  for (const [loss, lose, lease] of LOSSES) {
    row(
      `${loss} costs no leadership: the leader puts its lease back (G1, G3)`,
      { variant: noPutBack, fails: /not steady/ },
      async (arena) => {
        const [a] = await arena.pair({ ttl: lease }, { ttl: lease });
        const holder = await arena.granted();
        await arena.steady([a], async () => {
          await lose(arena);
          await a.goesOn(1.5 * lease);
        });
        await arena.holds(holder);
      },
    );

    row(
      `${loss} under a leader that cannot be reached is waited out (G1, G3)`,
      { variant: noSuspect, fails: /two leaders/ },
      async (arena) => {
        const proxy = await arena.proxy();
        const [a, b] = await arena.pair({ to: proxy, ttl: lease }, { ttl: lease });
        proxy.swallow('toServer');
        await lose(arena);
        const since = monotonic();
        const leader = await b.says({ role: 'leader' });
        // Detected at the next attempt, when the known lease expires, and then waited out.
        arena.within('next leader', leader.at - since, 2 * (lease + TIMES.jitter + timeout));
        await a.says({ role: 'follower' });
        await b.goesOn(ttl / 2);
      },
    );
  }

  row(
    'a second loss while the first is waited out starts the wait anew (G1, G5)',
    { variant: noSuspect, fails: /two leaders/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const [a, b] = await arena.pair({ to: proxy });
      proxy.swallow('toServer');
      await arena.admin.flushAll();
      await b.goesOn(ttl / 2);
      await arena.admin.flushAll();
      const since = monotonic();
      const leader = await b.says({ role: 'leader' });
      // Detected when the first has been waited out.
      arena.within('next leader', leader.at - since, RECOVERY + ttl);
      await a.says({ role: 'follower' });
      await b.goesOn(ttl / 2);
    },
  );

  row(
    'tokens rise although neither the server nor a candidate remembers any (G3)',
    { variant: plainCounter, fails: /older token after newer|same token twice/ },
    async (arena) => {
      const a = await arena.candidate('a');
      await a.says({ role: 'leader' });
      await a.close();
      const b = await arena.candidate('b');
      await b.says({ role: 'leader' });
      await b.close();
      await arena.redis.restart();
      const c = await arena.candidate('c');
      await c.says({ role: 'leader' });
      await c.goesOn(wait);
    },
  );

  row(
    'a failover that loses the lease is waited out, by those who saw a higher token too (G1, G3)',
    { variant: noSuspect, fails: /two leaders/ },
    async (arena) => {
      const { master, follow, failOver } = await replicated(arena);
      const z = await arena.candidate('z', { to: master });
      await z.says({ role: 'leader' });
      await follow(false); // the replica knows the first term, and none after it
      await z.close();
      const hidden = await arena.proxy(arena.redis);
      const [a, b] = await arena.pair({ to: hidden }, { to: master });
      // Until the replica's copy of the first lease has expired, which would otherwise be waited
      // out as well.
      await b.goesOn(ttl);
      hidden.swallow();
      const since = monotonic();
      await failOver();
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, RECOVERY + timeout);
      await a.says({ role: 'follower' });
      await b.goesOn(ttl / 2);
    },
    REPLICATED,
  );

  row(
    'nobody leads by a lease that a failover would lose, where replicas are waited for (G1)',
    { variant: noReplicas, fails: /two leaders/ },
    async (arena) => {
      const { master, detach, failOver } = await replicated(arena);
      await detach();
      const hidden = await arena.proxy(arena.redis);
      // Its requests have time around the wait for replicas, even on a busy machine, because it
      // must report why it does not lead.
      const patient = { timeout: 2 * timeout, replicated: { replicas: 1, timeout: timeout / 2 } };
      const a = await arena.candidate('a', { to: hidden, ttl: 2 * ttl, ...patient });
      // Knows no more than the replica does.
      const b = await arena.candidate('b', { to: master, ttl: 2 * ttl, act: 'stand', standBy: true });
      await a.goesOn(2 * wait);
      hidden.swallow();
      await failOver();
      b.act();
      const since = monotonic();
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, RECOVERY);
      await b.goesOn(ttl / 2);
      await a.says({ role: 'error', code: 'STORE_UNAVAILABLE' });
    },
    REPLICATED,
  );
});
