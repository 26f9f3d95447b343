import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Election, type ElectionError, elect, isElectionError, type RedisClient } from 'rx-leader';
import { leaseStoreSuite } from 'rx-leader/testing';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { leaks } from '../support/leaks.js';
import { PACE } from '../support/pace.js';
import { until } from '../support/until.js';
import { type Kind, type Login, type Made, TOPOLOGIES } from './kinds.js';
import type { Servers } from './servers.js';

/**
 * Long, so that nothing happens by time: no lease, no `wait`, and no named successor's time ends
 * during a spec. The last is a fortieth of the ttl.
 */
const BY_NOTICE = { ttl: 600_000, wait: 600_000, jitter: 0 };
/** Short, for specs that need renewals. */
const SHORT = { ttl: PACE * 4_000, jitter: 0, timeout: PACE * 600 };

/** Kinds that cannot be closed or destroyed before their first connection. */
const ENDLESS = ['node-redis 5 createClientPool', 'node-redis 6 createClientPool', 'node-redis 5 createSentinel'];

/** A login that no server knows. */
const WRONG: Login = { username: 'candidate', password: 'wrong-password-5b1e' };

/**
 * Declares what every election must do with clients of these kinds, all of one topology.
 *
 * The servers run during the specs. `brief` leaves out the slow specs.
 */
export function conforms(kinds: readonly Kind[], { brief = false } = {}): () => Servers {
  const [{ topology }] = kinds as [Kind];
  let servers: Servers;
  beforeAll(async () => {
    servers = await TOPOLOGIES[topology]();
  }, 60_000);
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]();
  });

  describe.each(kinds)('$topology: $client', (kind) => {
    const made: Made[] = [];
    const elections: Election[] = [];
    /** Error texts that contained the clients' password. */
    const shown: string[] = [];
    let key = '';
    let count = 0;

    const client = async (): Promise<RedisClient> => {
      const one = await kind.make(servers.endpoints);
      made.push(one);
      return one.redis;
    };
    const stand = (redis: RedisClient, times: object): Election => {
      const election = elect({ redis, key, ...times });
      elections.push(election);
      election.subscribe(({ role, ...rest }) => role === 'error' && shown.push(...leaks(rest)));
      return election;
    };
    /** A leader and a follower, each with its own client, and both subscribed to notices. */
    const pair = async (times: object): Promise<[Election, Election]> => {
      key = `${kind.client}, ${count++}`;
      const [one, other] = [await client(), await client()];
      const a = stand(one, times);
      await until(() => a.isLeading);
      const b = stand(other, times);
      await until(() => b.role === 'follower');
      await listening(2);
      return [a, b];
    };
    /** Resolves when this many clients are subscribed, and the follower is listed as subscribed. */
    const listening = (subscribers: number) =>
      until(
        async () => {
          const replies = await servers.everywhere('PUBSUB', 'NUMSUB', keysOf(key).channel);
          const heard = replies.map((reply) => Number(Object(reply)[1] ?? Object.values(Object(reply))[0]));
          const listed = (await servers.run('ZRANGE', keysOf(key).candidates, '0', '-1', 'WITHSCORES')) as unknown[];
          const score = Number((listed.flat() as unknown[])[1]);
          return heard.reduce((sum, one) => sum + one, 0) === subscribers && score % 1 === 0;
        },
        { within: 10_000, what: `${subscribers} to listen` },
      );
    const next = (election: Election, within: number) =>
      until(() => election.isLeading, { every: 1, within, what: 'the next leader' });

    afterEach(async () => {
      await Promise.all(elections.splice(0).map((election) => election.close()));
      for (const { close } of made.splice(0)) await close();
      expect(shown.splice(0)).toEqual([]);
    });

    if (!ENDLESS.includes(kind.client)) {
      it('reports a refused login without its password', async () => {
        key = `${kind.client}, refused`;
        const own = await kind.make(servers.endpoints, WRONG);
        made.push(own);
        const seen: unknown[] = [];
        const rejected = (error: unknown) => seen.push(error);
        const election = stand(own.redis, { ...SHORT, preflight: false });
        election.subscribe((told) => told.role === 'error' && seen.push(told.error));
        await election.candidates().catch(rejected);
        await until(() => seen.length > 1, { within: 20_000, what: 'two errors' });
        expect(seen.map((error) => leaks(error, WRONG.password))).toEqual(seen.map(() => []));
        expect(seen.map(isElectionError)).toEqual(seen.map(() => true));
        for (const { code, message } of seen as ElectionError[])
          expect(`${code}: ${message}`).toMatch(/^STORE_(DENIED|UNAVAILABLE|TIMEOUT): /);
      });
    }

    it('elects, and hands over by notice (G1, G5)', async () => {
      const [a, b] = await pair(BY_NOTICE);
      expect([a.isLeading, b.isLeading]).toEqual([true, false]);
      const { token = 0 } = a.term ?? {};
      const begun = performance.now();
      const closed = a.close();
      await next(b, 10_000);
      expect((performance.now() - begun) / BY_NOTICE.ttl).toBeLessThan(1 / 100);
      expect(b.term?.token).toBeGreaterThan(token);
      await closed;
    });

    it('keeps its term through a lost connection, and receives notices afterwards (G1, G5)', async () => {
      const [a, b] = await pair(SHORT);
      const { term } = a;
      const killed = await Promise.all(
        ['normal', 'pubsub'].map((type) => servers.everywhere('CLIENT', 'KILL', 'TYPE', type)),
      );
      expect(killed.map((counts) => counts.some((count) => Number(count) > 0))).toEqual([true, true]);
      await goesOn(servers, key, 1.5 * SHORT.ttl);
      expect([a.term, b.role]).toEqual([term, 'follower']);
      await listening(2);
      const begun = performance.now();
      const closed = a.close();
      await next(b, SHORT.ttl);
      // `wait` would be half of it.
      expect((performance.now() - begun) / SHORT.ttl).toBeLessThan(1 / 4);
      await closed;
    });

    if (kind.topology !== 'standalone' && !brief) {
      it('elects again after a failover (G1, G5)', async () => {
        const [a, b] = await pair(SHORT);
        const heal = await servers.failOver?.(keysOf(key).lease);
        try {
          const led = await until(() => [a, b].find(({ isLeading }) => isLeading), { within: 20_000 });
          const other = led === a ? b : a;
          await until(() => other.role === 'follower', { within: 20_000, what: 'the other to follow' });
          expect([a, b].filter(({ isLeading }) => isLeading)).toEqual([led]);
          await led.close();
          await next(other, 20_000);
        } finally {
          await heal?.();
        }
      });
    }

    it('checks the server, and warns of one that evicts', async () => {
      key = `${kind.client}, preflight`;
      const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      // One at a time: Redis 6.2 accepts no more.
      const limit = (size: string) => servers.everywhere('CONFIG', 'SET', 'maxmemory', size);
      await servers.everywhere('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      try {
        await limit('100mb');
        stand(await client(), BY_NOTICE);
        await until(() => warned.mock.calls.length > 0, { what: 'a warning' });
        expect(warned.mock.calls).toEqual([
          [expect.stringContaining('allkeys-lru'), { type: 'RxLeaderWarning', code: 'RX_LEADER_EVICTION' }],
        ]);
      } finally {
        warned.mockRestore();
        await limit('0');
      }
    });

    it('leaves nothing behind when it is closed (G6)', async () => {
      key = `${kind.client}, clean`;
      const redis = await client();
      const emitter = redis as unknown as { eventNames(): unknown[]; listenerCount(name: unknown): number };
      const listeners = () => emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]);
      const before = [listeners(), await connections(servers)];
      const election = stand(redis, BY_NOTICE);
      await until(() => election.isLeading);
      await until(async () => (await connections(servers)) > Number(before[1]));
      await election.close();
      await until(async () => (await connections(servers)) <= Number(before[1]), { what: 'no connection left' });
      expect(listeners()).toEqual(before[0]);
      expect(await servers.run('EXISTS', keysOf(key).lease)).toBe(0);
    });

    if (brief) return;
    describe('its store', () => {
      let redis: RedisClient;
      let own: Made;
      beforeAll(async () => {
        own = await kind.make(servers.endpoints);
        redis = own.redis;
      });
      afterAll(async () => {
        await own?.close();
      });
      leaseStoreSuite({
        test: it,
        ttl: 900,
        open: async () => ({
          store: redisStore(redis),
          put: async (name, id, ttl) => {
            await servers.run('SET', keysOf(name).lease, id, ...(ttl === undefined ? [] : ['PX', String(ttl)]));
          },
          loseLease: async (name) => {
            await servers.run('DEL', keysOf(name).lease);
          },
          flush: async () => {
            await servers.everywhere('FLUSHALL');
          },
        }),
      });
    });
  });
  return () => servers;
}

/** Connections of subscribers, at all nodes. */
async function connections(servers: Servers): Promise<number> {
  const lists = (await servers.everywhere('CLIENT', 'LIST')).map(String);
  return lists.flatMap((list) => list.match(/ sub=[1-9]/g) ?? []).length;
}

/** Resolves once the lease has been renewed for `ms`. */
async function goesOn(servers: Servers, key: string, ms: number): Promise<void> {
  const till = async () => Number(await servers.run('HGET', keysOf(key).record, 'until'));
  const begun = await till();
  await until(async () => (await till()) - begun >= ms, { within: 4 * ms, what: 'the lease to be renewed' });
}
