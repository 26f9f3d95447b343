// Compiled by `npm run types`, never run. Code that must not compile has a @ts-expect-error, which
// fails if it compiles.
import type { createClient } from 'redis';
import { asyncScheduler } from 'rxjs';
import {
  elect,
  type LeaseStore,
  observe,
  type RedisClient,
  type ReplicatedOptions,
  replicated,
} from '../../lib/index.js';

export function takesRedisOrStore(redis: RedisClient, store: LeaseStore): void {
  elect({ redis, key: 'k' });
  elect({ store, key: 'k' });
  observe({ redis, key: 'k' });
  observe({ store, key: 'k', every: 1_000 });

  // @ts-expect-error: exactly one of them, not both
  elect({ redis, store, key: 'k' });
  // @ts-expect-error: exactly one of them is required
  elect({ key: 'k' });
  // @ts-expect-error: exactly one of them, not both
  observe({ redis, store, key: 'k' });
  // @ts-expect-error: exactly one of them is required
  observe({ key: 'k' });
  // @ts-expect-error: a store is not a client
  elect({ redis: store, key: 'k' });
  // @ts-expect-error: a client is not a store
  elect({ store: redis, key: 'k' });
}

export function takesWhatNodeRedisMakes(redis: ReturnType<typeof createClient>): void {
  elect({ redis, key: 'k' });
}

export function takesASubscriber(redis: RedisClient, subscriber: RedisClient | undefined, store: LeaseStore): void {
  elect({ redis, key: 'k', subscriber });
  observe({ redis, key: 'k', subscriber });
  elect({ redis, key: 'k', subscriber: false });
  observe({ redis, key: 'k', subscriber: false });
  elect({ store: replicated(redis, { replicas: 1, subscriber: false }), key: 'k' });

  // @ts-expect-error: a client or false, but not true
  elect({ redis, key: 'k', subscriber: true });
  // @ts-expect-error: a store cannot subscribe
  elect({ redis, key: 'k', subscriber: store });
}

export function takesReplicas(redis: RedisClient, store: LeaseStore, options: ReplicatedOptions): void {
  elect({ store: replicated(redis, options), key: 'k' });
  elect({ store: replicated(redis, { replicas: 1 }), key: 'k' });
  observe({ store: replicated(redis, { replicas: 1, timeout: 100, subscriber: redis }), key: 'k' });

  // @ts-expect-error: the number of replicas is required
  replicated(redis, { timeout: 100 });
  // @ts-expect-error: options are an object, not a number
  replicated(redis, 1);
  // @ts-expect-error: a typing error in an option's name
  replicated(redis, { replicas: 1, tiemout: 100 });
  // @ts-expect-error: only Redis has replicas to wait for
  replicated(store, { replicas: 1 });
  // @ts-expect-error: replicas are an option of the store, not of an election
  elect({ redis, key: 'k', replicas: 1 });
}

export function takesAllOptions(store: LeaseStore, signal: AbortSignal): void {
  elect({
    store,
    key: 'k',
    ttl: 5_000,
    wait: 1_000,
    jitter: 0,
    renewEvery: 1_000,
    timeout: 500,
    drain: 5_000,
    name: 'me',
    preflight: false,
    data: 'http://me',
    signal,
    coldStart: 'wait',
    clock: { now: () => 0 },
    scheduler: asyncScheduler,
  });

  // @ts-expect-error: the key is required
  elect({ store });
  // @ts-expect-error: a typing error in an option's name
  elect({ store, key: 'k', renewEach: 5 });
  // @ts-expect-error: times are numbers
  elect({ store, key: 'k', ttl: '5s' });
  // @ts-expect-error: coldStart is elect or wait
  elect({ store, key: 'k', coldStart: 'maybe' });
  // @ts-expect-error: data is a string
  elect({ store, key: 'k', data: { url: 'http://me' } });
  // @ts-expect-error: now is a method of a clock
  elect({ store, key: 'k', clock: { now: 5 } });
}

/** Optional options may also be undefined, under `exactOptionalPropertyTypes` too. */
export function takesWhatMayBeMissing(redis: RedisClient, data: string | undefined, ttl: number | undefined): void {
  elect({ redis, key: 'k', data, ttl });
  observe({ redis, key: 'k', every: ttl });
}
