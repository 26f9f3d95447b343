import { describe, it } from '@jest/globals';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { leaseStoreSuite } from '../../lib/testing/index.js';
import { useRedis } from './use-redis.js';

describe('redisStore', () => {
  const redis = useRedis();

  leaseStoreSuite({
    test: it,
    ttl: 900,
    open: async () => ({
      store: redisStore(redis.client),
      put: async (key, id, ttl) => {
        await redis.client.set(keysOf(key).lease, id, ttl === undefined ? {} : { PX: ttl });
      },
      loseLease: async (key) => {
        await redis.client.del(keysOf(key).lease);
      },
      flush: async () => {
        await redis.client.flushAll();
      },
    }),
  });
});
