import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals';
import { defer, finalize, from, type ObservableInput, switchMap } from 'rxjs';
import type { LeaseStore } from '../../lib/port/lease-store.js';
import { quorum } from '../../lib/quorum/quorum.js';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { leaseStoreSuite, MemoryLeaseStore } from '../../lib/testing/index.js';
import { getOrMake } from '../../lib/util/lookup.js';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

describe.each([3, 4, 5])('a quorum of %i stores in memory', (count) => {
  leaseStoreSuite({
    test: it,
    open: async () => {
      let now = 0;
      const clock = { now: () => now };
      // Each store has its own clock.
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
  let open = 0;
  const settled = () => until(() => open === 0, { what: 'all servers to have answered' });
  /**
   * Each candidate has its own store, as in its own process, so that it does not wait for another's
   * requests.
   */
  const apart = (open: () => LeaseStore): LeaseStore => {
    const stores = new Map<string, LeaseStore>();
    const of = (who: string) => getOrMake(stores, who, open);
    // Waits for requests to the slowest store that continue after a majority has answered, so that
    // another process does not overtake them.
    const later = <Reply>(ask: () => ObservableInput<Reply>) => defer(settled).pipe(switchMap(ask));
    return {
      acquire: (request) => later(() => of(request.id).acquire(request)),
      renew: (request) => later(() => of(request.id).renew(request)),
      release: (request) => later(() => of(request.id).release(request)),
      read: (request) => later(() => of('reader').read(request)),
    };
  };
  /** The store of `client`, which counts pending requests. */
  const counted = (client: Client): LeaseStore => {
    const store = redisStore(client);
    const count =
      <Request, Reply>(ask: (request: Request) => ObservableInput<Reply>) =>
      (request: Request) =>
        defer(() => {
          open += 1;
          return from(ask(request)).pipe(finalize(() => (open -= 1)));
        });
    const { acquire, renew, release, read } = store;
    return { acquire: count(acquire), renew: count(renew), release: count(release), read: count(read) };
  };
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
      store: apart(() => quorum(clients.map(counted))),
      put: async (key, id, ttl) => {
        for (const client of clients) await client.set(keysOf(key).lease, id, ttl === undefined ? {} : { PX: ttl });
      },
      // The slowest store's grant receives its token after the others have answered. If that store
      // has lost the lease by then, this restores it.
      loseLease: async (key) => {
        await settled();
        for (const client of clients) await client.del(keysOf(key).lease);
      },
      flush: async () => {
        await settled();
        for (const client of clients) await client.flushAll();
      },
    }),
  });
});
