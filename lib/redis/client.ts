import { getOrMake } from '../util/lookup.js';
import type { ClientAdapter } from './client-adapter.js';
import { type IoRedisClient, ioRedisAdapter, isIoRedis } from './ioredis.js';
import { isNodeRedis, type NodeRedisClient, nodeRedisAdapter } from './node-redis.js';

/**
 * A Redis client of node-redis or ioredis.
 *
 * Any of their clients fits, with any RESP version, modules or type mapping. Clients are detected
 * by their methods. Neither library is imported. Pass a connected client that has an `error`
 * listener.
 */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** Whether `value` has the shape of a {@link RedisClient}. */
export function isRedisClient(value: unknown): value is RedisClient {
  return typeof value === 'object' && value !== null && (isNodeRedis(value) || isIoRedis(value));
}

const adapters = new WeakMap<RedisClient, ClientAdapter>();

/** The adapter of `client`, the same for every call. */
export const adapterOf = (client: RedisClient): ClientAdapter =>
  getOrMake(adapters, client, () => (isNodeRedis(client) ? nodeRedisAdapter(client) : ioRedisAdapter(client)));

/**
 * Makes `call`. `revoke` aborts its signal, unless the call has settled: an abort costs more than a
 * request, and a settled call is in no queue.
 */
export function revocable<Answer>(call: (signal: AbortSignal) => Promise<Answer>): {
  readonly answer: Promise<Answer>;
  revoke(): void;
} {
  const controller = new AbortController();
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  const answer = call(controller.signal);
  answer.then(settle, settle);
  return {
    answer,
    revoke() {
      if (!isSettled) controller.abort();
    },
  };
}
