// Compiled by `npm run types`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
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
  // @ts-expect-error: exactly one of them, not none
  elect({ key: 'k' });
  // @ts-expect-error: exactly one of them, not both
  observe({ redis, store, key: 'k' });
  // @ts-expect-error: exactly one of them, not none
  observe({ key: 'k' });
  // @ts-expect-error: a store is no client
  elect({ redis: store, key: 'k' });
  // @ts-expect-error: a client is no store
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

  // @ts-expect-error: there is nothing to switch on
  elect({ redis, key: 'k', subscriber: true });
  // @ts-expect-error: a store does not listen
  elect({ redis, key: 'k', subscriber: store });
}

export function takesReplicas(redis: RedisClient, store: LeaseStore, options: ReplicatedOptions): void {
  elect({ store: replicated(redis, options), key: 'k' });
  elect({ store: replicated(redis, { replicas: 1 }), key: 'k' });
  observe({ store: replicated(redis, { replicas: 1, timeout: 100, subscriber: redis }), key: 'k' });

  // @ts-expect-error: of how many is for the user to say
  replicated(redis, { timeout: 100 });
  // @ts-expect-error: a number alone is no options
  replicated(redis, 1);
  // @ts-expect-error: a typing error in an option's name
  replicated(redis, { replicas: 1, tiemout: 100 });
  // @ts-expect-error: only Redis has replicas that can be waited for
  replicated(store, { replicas: 1 });
  // @ts-expect-error: an election has no replicas, its store has
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
  // @ts-expect-error: there is no third way to start
  elect({ store, key: 'k', coldStart: 'maybe' });
  // @ts-expect-error: data is a string
  elect({ store, key: 'k', data: { url: 'http://me' } });
  // @ts-expect-error: a clock tells the time by a method
  elect({ store, key: 'k', clock: { now: 5 } });
}

/** Also under `exactOptionalPropertyTypes`: what may be missing may be undefined as well. */
export function takesWhatMayBeMissing(redis: RedisClient, data: string | undefined, ttl: number | undefined): void {
  elect({ redis, key: 'k', data, ttl });
  observe({ redis, key: 'k', every: ttl });
}
