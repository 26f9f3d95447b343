import { describe, expect, it } from '@jest/globals';
import { createClient, createClientPool, createSentinel } from 'redis';
import { createClient as createClient5 } from 'redis5';
import type { RedisClient } from 'rx-leader';
import { isUnsent } from '../../lib/port/errors.js';
import { adapterOf } from '../../lib/redis/client.js';
import { NotSent } from '../../lib/redis/client-adapter.js';
import { redisStore } from '../../lib/redis/store.js';
import { acquire, failure } from './ask.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();

/** Enough for the commands of a login. */
const MOST = 10;

interface Limited {
  ping(): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: () => void): unknown;
}

/**
 * Whether a request that fails because the queue of `client` is full counts as unsent. Expects that
 * it succeeds once there is room.
 */
async function full(client: RedisClient & Limited): Promise<void> {
  client.on('error', () => {});
  await client.connect();
  redis.server.pause();
  const pings = Array.from({ length: MOST }, () => client.ping());
  const error = await failure(acquire(redisStore(client)));
  redis.server.resume();
  expect([error.code, isUnsent(error)]).toEqual(['STORE_UNAVAILABLE', true]);
  expect(error.message).toMatch(/failed: The queue is full$/);
  await Promise.all(pings);
  expect((await acquire(redisStore(client))).status).toBe('granted');
  client.destroy();
}

describe('a client whose queue is full', () => {
  const options = () => ({ url: redis.server.url, commandsQueueMaxLength: MOST });

  it('has sent nothing: node-redis 6', () => full(createClient(options())));

  it('has sent nothing: node-redis 5', () => full(createClient5(options())));

  it('may have sent it before, with sentinels', async () => {
    const client = createSentinel({ name: 'mymaster', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] });
    const said = new Error('The queue is full');
    client.evalSha = (() => Promise.reject(said)) as never;
    Object.assign(client, { withCommandOptions: undefined });
    const call = adapterOf(client).evalSha('', { keys: [], arguments: [] }, new AbortController().signal);
    await expect(call).rejects.toBe(said);
  });
});

describe('a client that is offline or closed', () => {
  it('has sent nothing', async () => {
    const client = await redis.server.client({ disableOfflineQueue: true });
    client.destroy();
    expect(isUnsent(await failure(acquire(redisStore(client))))).toBe(true);
    const pool = createClientPool({ url: redis.server.url });
    pool.on('error', () => {});
    await pool.connect();
    await pool.close();
    const call = adapterOf(pool).evalSha('', { keys: [], arguments: [] }, new AbortController().signal);
    await expect(call).rejects.toBeInstanceOf(NotSent);
  });
});
