import { describe, it } from '@jest/globals';
import { leaseStoreSuite, MemoryLeaseStore } from '../../lib/testing/index.js';

describe('MemoryLeaseStore', () => {
  leaseStoreSuite({
    test: it,
    open: async () => {
      let now = 0;
      const store = new MemoryLeaseStore({ clock: { now: () => now } });
      return {
        store,
        elapse: async (ms) => {
          now += ms;
        },
        put: async (key, id, ttl) => store.put(key, id, ttl),
        loseLease: async (key) => store.evict(key, 'lease'),
        flush: async () => store.flush(),
      };
    },
  });
});

describe('MemoryLeaseStore in real time, with late replies', () => {
  leaseStoreSuite({
    test: it,
    ttl: 900, // real time: a late timer must not cost a lease that is still needed
    open: async () => {
      const store = new MemoryLeaseStore({ latency: 4 });
      return {
        store,
        put: async (key, id, ttl) => store.put(key, id, ttl),
        loseLease: async (key) => store.evict(key, 'lease'),
        flush: async () => store.flush(),
      };
    },
  });
});
