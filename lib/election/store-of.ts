import { invalidOption } from '../port/errors.js';
import type { LeaseStore } from '../port/lease-store.js';
import { adapterOf, isRedisClient, type RedisClient } from '../redis/client.js';
import { redisStore } from '../redis/store.js';
import type { StoreOptions } from './options.js';
import { requireMethod } from './validation.js';

/** Returns the store for the options `redis`, `store` and `subscriber`. */
export function storeOf({ redis, store, subscriber }: StoreOptions): LeaseStore {
  if (redis !== undefined && store !== undefined) {
    throw invalidOption('store', 'give either redis or store, not both', store);
  }
  if (isRedisClient(store)) throw invalidOption('store', 'must be a LeaseStore; a client is given as redis', store);
  if (store !== undefined) {
    for (const verb of ['acquire', 'renew', 'release', 'read']) requireMethod('store', store, verb, 'a LeaseStore');
    if (subscriber !== undefined)
      throw invalidOption('subscriber', 'needs redis: a store tells of notices by itself', subscriber);
    return store;
  }
  if (isRedisClient(redis)) return storeOfClient('redis', redis, subscriber);
  throw invalidOption(
    'redis',
    'must be a client as node-redis or ioredis makes; a LeaseStore is given as store',
    redis,
  );
}

/** Returns the store for a client that was given as `option`. */
export function storeOfClient(option: string, redis: RedisClient, subscriber?: RedisClient | false): LeaseStore {
  const { serves, prefix } = adapterOf(redis);
  if (serves === 'slots' && prefix !== '') {
    throw invalidOption(
      option,
      'must have no keyPrefix where it is a client of a cluster, since that puts the keys of one election into different slots',
      prefix,
    );
  }
  if (subscriber !== undefined) requireSubscriber(subscriber);
  return redisStore(redis, subscriber);
}

function requireSubscriber(subscriber: unknown): void {
  if (subscriber === false || (isRedisClient(subscriber) && adapterOf(subscriber).openSubscriber)) return;
  throw invalidOption(
    'subscriber',
    'must be a client as node-redis or ioredis makes, which can be duplicated, or false',
    subscriber,
  );
}
