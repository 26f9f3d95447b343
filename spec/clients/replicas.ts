import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Election, elect, replicated, type Transition } from 'rx-leader';
import { keysOf } from '../../lib/redis/keys.js';
import { PACE } from '../support/pace.js';
import type { RedisServer } from '../support/redis.js';
import { startReplica } from '../support/replicated.js';
import { until } from '../support/until.js';
import { kindsOf, type Made, TOPOLOGIES } from './kinds.js';
import type { Servers } from './servers.js';

const TIMES = { ttl: PACE * 4_000, jitter: 0, timeout: PACE * 600 };

/**
 * Declares what `replicated` must do with every client of `topology`. One file for each topology,
 * so that they run in parallel.
 */
export const replicas = (topology: keyof typeof TOPOLOGIES): void =>
  describe(`replicas, ${topology}`, () => {
    let servers: Servers;
    let replica: RedisServer | undefined;
    beforeAll(async () => {
      servers = await TOPOLOGIES[topology]();
      const [master] = servers.nodes;
      if (topology === 'standalone' && master) replica = await startReplica(master);
      const infos = async () => (await servers.everywhere('INFO', 'replication')).map(String);
      const masters = async () => (await infos()).filter((info) => info.includes('role:master'));
      // At first, a replica reports its state only after a second.
      await until(async () => (await masters()).every((info) => /state=online,offset=[1-9]/.test(info)), {
        within: 20_000,
      });
    }, 60_000);
    afterAll(async () => {
      await replica?.[Symbol.asyncDispose]();
      await servers?.[Symbol.asyncDispose]();
    });

    describe.each(kindsOf(topology))('$client', (kind) => {
      const made: Made[] = [];
      const elections: Election[] = [];
      let key = '';
      let keys = 0;

      const stand = async (count = 1): Promise<{ election: Election; told: Transition[] }> => {
        const one = await kind.make(servers.endpoints);
        made.push(one);
        const election = elect({ store: replicated(one.redis, { replicas: count }), key, ...TIMES });
        const told: Transition[] = [];
        elections.push(election);
        election.subscribe((transition) => told.push(transition));
        return { election, told };
      };
      const isLeading = ({ election }: { election: Election }) =>
        until(() => election.isLeading, { every: 2, within: 20_000, what: 'somebody to lead' });
      /** Connections whose last command was a WAIT, at all nodes. */
      const waiting = async () => {
        const lists = (await servers.everywhere('CLIENT', 'LIST')).map(String);
        return lists.flatMap((list) => list.match(/ cmd=wait /g) ?? []).length;
      };

      afterEach(async () => {
        await Promise.all(elections.splice(0).map((election) => election.close()));
        for (const { close } of made.splice(0)) await close();
      });

      it('are awaited by a connection that opens with the first grant and closes with the election (G1, G6)', async () => {
        key = `${kind.client}, ${keys++}`;
        const a = await stand();
        await isLeading(a);
        expect(await waiting()).toBe(1);
        const b = await stand();
        await until(() => b.told.length > 0);
        expect(await waiting()).toBe(1);
        const { term } = a.election;
        const till = async () => Number(await servers.run('HGET', keysOf(key).record, 'until'));
        const begun = await till();
        await until(async () => (await till()) - begun >= TIMES.ttl, { within: 4 * TIMES.ttl, what: 'renewals' });
        expect(a.election.term).toBe(term);
        await a.election.close();
        await isLeading(b);
        await b.election.close();
        await until(async () => (await waiting()) === 0, { what: 'no connection left' });
        const said = (one: Transition) => (one.role === 'error' ? one.error.message : one.role);
        expect([a.told, b.told].map((told) => told.map(said))).toEqual([
          ['leader', 'follower'],
          ['follower', 'leader', 'follower'],
        ]);
      });

      it('must be at least as many as required', async () => {
        key = `${kind.client}, ${keys++}`;
        const { told } = await stand(2);
        await until(() => told.length > 0);
        expect(told).toMatchObject([
          {
            role: 'error',
            error: {
              code: 'STORE_UNAVAILABLE',
              message: expect.stringMatching(`(1 of|fewer than) 2 replicas had it after ${TIMES.timeout / 2} ms$`),
            },
          },
        ]);
      });

      if (topology === 'standalone') return;
      it('are those of the new master after a failover (G1, G5)', async () => {
        key = `${kind.client}, ${keys++}`;
        const all = [await stand(), await stand()] as const;
        await until(() => all.some(({ election }) => election.isLeading));
        const heal = await servers.failOver?.(keysOf(key).lease);
        try {
          // In a cluster, the new master has no replica before the old one is back.
          if (topology === 'cluster') await heal?.();
          const led = await until(() => all.find(({ election }) => election.isLeading), { within: 30_000 });
          const { term } = led.election;
          const till = async () => Number(await servers.run('HGET', keysOf(key).record, 'until'));
          const begun = await till();
          await until(async () => (await till()) - begun >= TIMES.ttl, { within: 4 * TIMES.ttl, what: 'renewals' });
          expect(led.election.term).toBe(term);
          expect(all.filter(({ election }) => election.isLeading)).toEqual([led]);
        } finally {
          if (topology !== 'cluster') await heal?.();
        }
      });
    });
  });
