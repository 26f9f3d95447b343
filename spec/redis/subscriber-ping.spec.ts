import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Redis as Redis6 } from 'ioredis6';
import { createClient } from 'redis';
import { createClient as createClient5 } from 'redis5';
import type { Subscription } from 'rxjs';
import { adapterOf, type RedisClient } from '../../lib/redis/client.js';
import type { SubscriberConnection } from '../../lib/redis/client-adapter.js';
import { until } from '../support/until.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
const user = { username: 'app', password: 'pw' };

const ends: Array<() => unknown> = [];
beforeEach(async () => {
  await redis.client.aclSetUser('app', ['reset', 'on', `>${user.password}`, '~*', '&*', '+@all']);
});
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

async function nodeRedis(create: typeof createClient, RESP: 2 | 3): Promise<RedisClient> {
  const { host, port } = redis.server;
  const client = create({ socket: { host, port }, RESP: RESP as 3, ...user });
  ends.push(() => client.destroy());
  client.on('error', () => {});
  await client.connect();
  return client as unknown as RedisClient;
}

async function ioRedis(Client: typeof Redis): Promise<RedisClient> {
  const { host, port } = redis.server;
  const client = new Client({ host, port, ...user });
  ends.push(() => client.disconnect());
  await until(() => client.status === 'ready');
  return client;
}

const older = createClient5 as unknown as typeof createClient;
const newer = Redis6 as unknown as typeof Redis;

describe.each<[string, () => Promise<RedisClient>]>([
  ['node-redis 6, RESP2', () => nodeRedis(createClient, 2)],
  ['node-redis 6, RESP3', () => nodeRedis(createClient, 3)],
  ['node-redis 5, RESP2', () => nodeRedis(older, 2)],
  ['node-redis 5, RESP3', () => nodeRedis(older, 3)],
  ['ioredis 5', () => ioRedis(Redis)],
  ['ioredis 6', () => ioRedis(newer)],
])('a subscriber connection of %s', (_, make) => {
  /** A listener, and the messages it receives. */
  async function listening(): Promise<{ connection: SubscriberConnection; heard: string[] }> {
    const heard: string[] = [];
    const port = adapterOf(await make());
    const connection = await new Promise<SubscriberConnection>((resolve) => {
      const connections: Subscription | undefined = port.openSubscriber?.().subscribe(resolve);
      ends.push(() => connections?.unsubscribe());
    });
    await connection.subscribe('news', { onMessage: (text) => heard.push(text) });
    return { connection, heard };
  }

  it('receives the reply to its ping, and keeps listening', async () => {
    const { connection, heard } = await listening();
    await connection.ping();
    await redis.client.publish('news', 'one');
    await until(() => heard.length === 1);
    await connection.ping();
  });

  it('keeps listening if it may not ping', async () => {
    const { connection, heard } = await listening();
    await redis.client.aclSetUser('app', '-ping');
    await expect(connection.ping()).rejects.toThrow(/NOPERM/);
    await redis.client.publish('news', 'one');
    await until(() => heard.length === 1);
  });
});
