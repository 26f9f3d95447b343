import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals';
import { quorum } from '../../../lib/quorum.js';
import { keysOf } from '../../../lib/store/redis/keys.js';
import { leaseStoreSuite, MemoryLeaseStore } from '../../../lib/testing/index.js';
import { type Client, type RedisServer, startRedis } from '../../support/redis.js';

describe.each([3, 4, 5])('a quorum of %i stores in memory', (count) => {
  leaseStoreSuite({
    test: it,
    open: async () => {
      let now = 0;
      const clock = { now: () => now };
      // Each by a clock of its own.
      const stores = Array.from({ length: count }, (_, i) => new MemoryLeaseStore({ clock, epoch: 1e12 + i * 1e9 }));
      return {
        store: quorum(stores, { clock }),
        elapse: async (ms) => {
          now += ms;
        },
        put: async (key, id, ttl) => {
          for (const store of stores) store.put(key, id, ttl);
        },
        loseLease: async (key) => {
          for (const store of stores) store.evict(key, 'lease');
        },
        flush: async () => {
          for (const store of stores) store.flush();
        },
      };
    },
  });
});

describe('a quorum of three stores in memory, one of which cannot be reached', () => {
  leaseStoreSuite({
    test: it,
    open: async () => {
      let now = 0;
      const clock = { now: () => now };
      const stores = Array.from({ length: 3 }, () => new MemoryLeaseStore({ clock }));
      stores[0]?.fail('STORE_UNAVAILABLE');
      return {
        store: quorum(stores, { clock }),
        elapse: async (ms) => {
          now += ms;
        },
        loseLease: async (key) => {
          for (const store of stores) store.evict(key, 'lease');
        },
        flush: async () => {
          for (const store of stores) store.flush();
        },
      };
    },
  });
});

describe('a quorum of three Redis servers', () => {
  const servers: RedisServer[] = [];
  const clients: Client[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 3; i += 1) {
      const server = await startRedis();
      servers.push(server);
      clients.push(await server.client());
    }
  });
  beforeEach(async () => {
    for (const client of clients) await client.flushAll();
  });
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  leaseStoreSuite({
    test: it,
    ttl: 900,
    open: async () => ({
      store: quorum(clients),
      put: async (key, id, ttl) => {
        for (const client of clients) await client.set(keysOf(key).lease, id, ttl === undefined ? {} : { PX: ttl });
      },
      loseLease: async (key) => {
        for (const client of clients) await client.del(keysOf(key).lease);
      },
      flush: async () => {
        for (const client of clients) await client.flushAll();
      },
    }),
  });
});
