import { describe } from '@jest/globals';
import { type Candidate, monotonic } from '../../proof/candidate.js';
import { anyStore, unanimous } from '../../proof/variants.js';
import type { RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { type Arena, HAND_OVER, RECOVERY, TIMES } from './arena.js';
import { row } from './row.js';

const { ttl, renewEvery, wait } = TIMES;

/** Three independent servers. */
async function three(arena: Arena): Promise<[RedisServer, RedisServer, RedisServer]> {
  const servers = [await arena.server(), await arena.server()] as const;
  for (const server of servers) {
    const client = await server.client();
    await arena.loadScripts(client);
    client.destroy(); // otherwise it would try to reconnect to a killed server
  }
  return [arena.redis, ...servers];
}

const over = ([first, ...others]: ReadonlyArray<{ readonly url: string }>) => ({
  ...(first && { to: first }),
  others: others.map(({ url }) => url),
});

/** Waits until `server`, which restarted empty, is part of a term again. */
async function hasLease({ keys }: Arena, server: RedisServer): Promise<void> {
  const client = await server.client();
  await until(async () => (await client.exists(keys.lease)) === 1, { within: 4 * ttl });
  client.destroy();
}

/** The leader closes, and the follower leads within `bound` ms. */
async function handsOver(arena: Arena, a: Candidate, b: Candidate, bound: number): Promise<void> {
  const since = monotonic();
  const closed = a.close();
  const { at } = await b.says({ role: 'leader' });
  arena.within('next leader', at - since, bound);
  await b.goesOn(renewEvery);
  await closed;
}

describe('a quorum of three servers', () => {
  for (const [what, fault] of [
    ['killed with -9', 'kill'],
    ['stopped', 'pause'],
  ] as const) {
    row(
      `one server of three ${what} costs no leadership, nor a slow hand-over (G1, G3, G5)`,
      { variant: unanimous, fails: /not steady/ },
      async (arena) => {
        const servers = await three(arena);
        const [a, b] = await arena.pair(over(servers), over(servers));
        await arena.steady([a], async () => {
          await servers[2][fault]();
          await a.goesOn(2 * ttl);
        });
        await handsOver(arena, a, b, HAND_OVER);
      },
    );
  }

  row(
    'servers of three that are restarted empty one after the other, each for longer than a lease, cost no leadership (G1, G3, G5)',
    { variant: unanimous, fails: /not steady/ },
    async (arena) => {
      const servers = await three(arena);
      const [a, b] = await arena.pair(over(servers), over(servers));
      await arena.steady([a], async () => {
        for (const server of servers) {
          await server.kill();
          await a.goesOn(1.2 * ttl);
          await server.start();
          await hasLease(arena, server);
          await a.goesOn(renewEvery);
        }
      });
      // As with a single restarted server: a released lease may have been lost, and is waited out
      // once.
      await handsOver(arena, a, b, ttl + RECOVERY);
    },
  );

  row(
    'a leader that is cut off from two servers of three stops before another leads by those (G1, G2, G3)',
    { variant: anyStore, fails: /two leaders|a does not say/ },
    async (arena) => {
      const servers = await three(arena);
      const proxies = [await arena.proxy(servers[0]), await arena.proxy(servers[1])];
      const [a, b] = await arena.pair(over([...proxies, servers[2]]), over(servers));
      const since = monotonic();
      for (const proxy of proxies) proxy.swallow();
      const { at } = await b.says({ role: 'leader' });
      arena.within('next leader', at - since, RECOVERY);
      await a.says({ role: 'follower', reason: 'expired' });
      for (const proxy of proxies) proxy.heal({ held: 'drop' });
      await b.goesOn(ttl);
      await handsOver(arena, b, a, RECOVERY);
    },
  );

  row(
    'candidates that reach another server each besides one that both reach are never led twice (G1, G3, G5)',
    { variant: anyStore, fails: /two leaders|older token/ },
    async (arena) => {
      const servers = await three(arena);
      const [first, second] = [await arena.proxy(servers[0]), await arena.proxy(servers[1])];
      const a = await arena.candidate('a', over([first, servers[1], servers[2]]));
      const b = await arena.candidate('b', over([servers[0], second, servers[2]]));
      first.swallow();
      second.swallow();
      const begun = monotonic();
      for (let terms = 0; terms < 2; terms += 1) {
        await a.goesOn(ttl);
        await arena.recovers(begun, [a, b]);
      }
    },
  );

  row(
    'without two servers of three nobody leads, and then one does (G1, G2, G5)',
    { variant: anyStore, fails: /a does not say/ },
    async (arena) => {
      const servers = await three(arena);
      const [a, b] = await arena.pair(over(servers), over(servers));
      const since = monotonic();
      await Promise.all([servers[1].kill(), servers[2].kill()]);
      const { at } = await a.says({ role: 'follower' }, 3 * ttl);
      arena.within('follower', at - since, ttl);
      await a.says({ role: 'error', code: 'STORE_UNAVAILABLE' });
      await b.goesOn(ttl / 2);
      await servers[1].start();
      // In an error they ask every `wait`. The empty server's possible loss is waited out, and the
      // two required servers may be split between them once.
      await arena.recovers(monotonic(), [a, b], RECOVERY + wait);
      await b.goesOn(renewEvery);
    },
  );
});
