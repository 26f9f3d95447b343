import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { connectionOf } from '../../lib/redis/connection.js';
import type { NodeRedisClient } from '../../lib/redis/node-redis.js';
import { redisStore } from '../../lib/redis/store.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

/** A client that only emits events. */
class Emitter extends EventEmitter implements NodeRedisClient {
  readonly isOpen = true;
  readonly eval = () => Promise.reject(new Error('not asked'));
  readonly evalSha = this.eval;
}

describe('connectionOf', () => {
  it('is one for each client, however many stores use it', () => {
    const [client, other] = [new Emitter(), new Emitter()];
    expect(connectionOf(client)).toBe(connectionOf(client));
    expect(connectionOf(client)).not.toBe(connectionOf(other));
  });

  it('adds one listener of each kind, shared by all subscribers, and removes them with the last', () => {
    const client = new Emitter();
    const subscriptions = Array.from({ length: 20 }, (_, i) =>
      redisStore(client).notices?.(`election ${i}`).subscribe(),
    );
    expect([client.listenerCount('error'), client.listenerCount('ready'), client.eventNames().length]).toEqual([
      1, 1, 2,
    ]);
    for (const subscription of subscriptions.slice(1)) subscription?.unsubscribe();
    expect(client.eventNames()).toHaveLength(2);
    subscriptions[0]?.unsubscribe();
    expect(client.eventNames()).toEqual([]);
  });

  it('listens again after that', () => {
    const client = new Emitter();
    const { notices } = connectionOf(client);
    notices.subscribe().unsubscribe();
    const seen: unknown[] = [];
    const again = notices.subscribe((notice) => seen.push(notice));
    client.emit('ready');
    expect(seen).toEqual([{ kind: 'connected' }]);
    again.unsubscribe();
    expect(client.eventNames()).toEqual([]);
  });

  it('emits each reconnection to all subscribers', () => {
    const client = new Emitter();
    const { notices } = connectionOf(client);
    const seen: string[] = [];
    const subscriptions = ['a', 'b'].map((name) => notices.subscribe(({ kind }) => seen.push(`${name} ${kind}`)));
    client.emit('ready');
    client.emit('ready');
    expect(seen).toEqual(['a connected', 'b connected', 'a connected', 'b connected']);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  it('keeps a client error from ending the process while subscribed', () => {
    const client = new Emitter();
    const subscription = connectionOf(client).notices.subscribe();
    expect(() => client.emit('error', new Error('gone'))).not.toThrow();
    subscription.unsubscribe();
    expect(() => client.emit('error', new Error('gone'))).toThrow('gone');
  });

  it('leaves listeners of others in place', () => {
    const client = new Emitter();
    const own = () => {};
    client.on('error', own);
    connectionOf(client).notices.subscribe().unsubscribe();
    expect(client.listeners('error')).toEqual([own]);
  });

  it('keeps the last error until the client is connected again', () => {
    const client = new Emitter();
    const connection = connectionOf(client);
    const knownThen: unknown[] = [];
    const subscription = connection.notices.subscribe(() => knownThen.push(connection.lastError));
    expect(connection.lastError).toBeUndefined();
    const [first, second] = [new Error('first'), new Error('second')];
    client.emit('error', first);
    client.emit('error', second);
    expect(connection.lastError).toBe(second);
    client.emit('ready');
    expect(knownThen).toEqual([undefined]);
    expect(connection.lastError).toBeUndefined();
    client.emit('error', first);
    subscription.unsubscribe();
    expect(connection.lastError).toBeUndefined();
  });
});

describe('the connection of a real client', () => {
  const clients: Array<{ isOpen: boolean; destroy(): void }> = [];

  afterEach(() => {
    for (const client of clients.splice(0)) if (client.isOpen) client.destroy();
  });

  /** A client without listeners. */
  async function unheard(redis: RedisServer) {
    const client = createClient({ url: redis.url, socket: { reconnectStrategy: 20 } });
    await client.connect();
    clients.push(client);
    return client;
  }
  type Unheard = Awaited<ReturnType<typeof unheard>>;

  it('survives a server restart, and emits it once', async () => {
    await using redis = await startRedis();
    const client = await unheard(redis);
    const connection = connectionOf(client);
    const seen: unknown[] = [];
    const subscription = connection.notices.subscribe((notice) => seen.push(notice));
    await redis.kill();
    await until(() => connection.lastError);
    await redis.start();
    await until(() => client.isReady);
    expect(seen).toEqual([{ kind: 'connected' }]);
    expect(connection.lastError).toBeUndefined();
    client.destroy();
    subscription.unsubscribe();
  });

  it.each([
    ['without any listener', (client: Unheard) => client],
    ['whose original others listen to', (client: Unheard) => client.on('error', () => {}).withTypeMapping({})],
  ])('is subscribed again after any number of times, with a client %s', async (_, derive) => {
    await using redis = await startRedis();
    const client = derive(await unheard(redis));
    const connection = connectionOf(client);
    for (let times = 0; times < 3; times++) connection.notices.subscribe().unsubscribe();
    expect(client.listenerCount('ready')).toBe(0);
    const seen: unknown[] = [];
    const subscription = connection.notices.subscribe((notice) => seen.push(notice));
    expect(client.eventNames().map(String).sort()).toEqual(['error', 'ready']);
    await redis.kill(); // without a listener, the error would end the process
    await until(() => connection.lastError);
    await redis.start();
    await until(() => seen.length === 1);
    client.destroy();
    subscription.unsubscribe();
  });

  it('leaves no listener on a client with other listeners', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    const before = client.eventNames();
    for (let times = 0; times < 3; times++) connectionOf(client).notices.subscribe().unsubscribe();
    expect(client.eventNames()).toEqual(before);
    expect(client.listenerCount('error')).toBe(1);
  });
});
