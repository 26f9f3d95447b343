import { getOrMake } from '../util/lookup.js';
import type { ClientAdapter } from './client-adapter.js';
import { type IoRedisClient, ioRedisAdapter, isIoRedis } from './ioredis.js';
import { isNodeRedis, type NodeRedisClient, nodeRedisAdapter } from './node-redis.js';

/**
 * What the library needs of a Redis client, structurally: whatever node-redis or ioredis make fits, whichever RESP version, modules or type
 * mapping it was made with, and neither is imported. Ask for a connected client with an `error` listener of your own.
 */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** Whether `value` has the shape of a {@link RedisClient}. */
export function isRedisClient(value: unknown): value is RedisClient {
  return typeof value === 'object' && value !== null && (isNodeRedis(value) || isIoRedis(value));
}

const adapters = new WeakMap<RedisClient, ClientAdapter>();

/** How `client` is spoken to. */
export const adapterOf = (client: RedisClient): ClientAdapter =>
  getOrMake(adapters, client, () => (isNodeRedis(client) ? nodeRedisAdapter(client) : ioRedisAdapter(client)));

/**
 * Makes `call`, and returns what gives it up: its signal aborts, unless the call has settled by then. An abort costs more than a request does,
 * and what has settled is in no queue any more.
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
