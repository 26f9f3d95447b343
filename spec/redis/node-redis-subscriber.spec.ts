import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import type { Subscription } from 'rxjs';
import type { SubscriberConnection } from '../../lib/redis/client-adapter.js';
import { isConnectable } from '../../lib/redis/node-redis.js';
import { type Connectable, openNodeRedisSubscriber } from '../../lib/redis/node-redis-subscriber.js';
import { startProxy } from '../support/proxy.js';
import type { Client } from '../support/redis.js';
import { openResources } from '../support/resources.js';
import { until } from '../support/until.js';
import { accepted, connected } from './listening.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
const subscriptions: Subscription[] = [];
const clients: Array<{ destroy(): void }> = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const subscription of subscriptions.splice(0)) subscription.unsubscribe();
});

/** The client as one that can be duplicated. Remembers its duplicates. */
function duplicable(client: object): { client: Connectable; duplicates: Client[] } {
  const duplicates: Client[] = [];
  const { duplicate } = client as Client;
  const remember = (overrides: never) => {
    const made = duplicate.call(client as Client, overrides) as Client;
    duplicates.push(made);
    return made;
  };
  return { client: Object.assign(client, { duplicate: remember }) as unknown as Connectable, duplicates };
}

/** Opens a connection, and waits for it unless it ends before. */
function open(client: Connectable) {
  const seen: { connection?: SubscriberConnection; ended: boolean } = { ended: false };
  const subscription = openNodeRedisSubscriber((use) => use(client)).subscribe({
    next: (connection) => {
      seen.connection = connection;
    },
    complete: () => {
      seen.ended = true;
    },
  });
  subscriptions.push(subscription);
  return { seen, subscription, opened: () => until(() => seen.connection), ended: () => until(() => seen.ended) };
}

/** Waits for `count` connections of that name, with no others opening. */
async function settled(name: string, count: number): Promise<void> {
  await connected(redis.client, name, count);
  const before = await accepted(redis.client);
  for (let looks = 0; looks < 20; looks++) await redis.client.ping();
  await connected(redis.client, name, count);
  expect(await accepted(redis.client)).toBe(before);
}

describe('openNodeRedisSubscriber', () => {
  it('opens a second connection, and closes it on unsubscription', async () => {
    const { client, duplicates } = duplicable(await redis.server.client({ name: 'plain' }));
    const { opened, subscription } = open(client);
    const connection = await opened();
    const heard: string[] = [];
    await connection.subscribe('news', { onMessage: (text) => heard.push(text) });
    await redis.client.publish('news', 'hello');
    await until(() => heard.length > 0);
    expect(heard).toEqual(['hello']);
    subscription.unsubscribe();
    await settled('plain', 1);
    expect(duplicates.map(({ isOpen, isReady }) => [isOpen, isReady])).toEqual([[false, false]]);
  });

  it('leaves no connection if unsubscribed while connecting, during login or later', async () => {
    const { client, duplicates } = duplicable(await redis.server.client({ name: 'hasty' }));
    for (let turns = 0; turns < 40; turns++) {
      const { subscription } = open(client);
      if (turns % 2 === 0) for (let wait = 0; wait < turns / 2; wait++) await new Promise(setImmediate);
      else for (let wait = 0; wait < turns; wait++) await undefined;
      subscription.unsubscribe();
    }
    await settled('hasty', 1);
    await until(() => duplicates.every(({ isOpen, isReady }) => !isOpen && !isReady));
    expect(duplicates).toHaveLength(40);
  });

  it('unsubscribed while connecting closes once connected: some versions cannot close before', async () => {
    const destroyed: string[] = [];
    const duplicate = Object.assign(new EventEmitter(), {
      isOpen: true,
      isReady: false,
      unref: () => {},
      connect: () => new Promise(() => {}),
      destroy: () => destroyed.push('destroyed'),
    });
    const client = { options: {}, duplicate: () => duplicate } as unknown as Connectable;
    open(client).subscription.unsubscribe();
    expect(destroyed).toEqual([]);
    duplicate.emit('connect');
    expect(destroyed).toEqual(['destroyed']);
  });

  it('subscribes again right after an unsubscription, at any moment', async () => {
    const { opened } = open(duplicable(await redis.server.client()).client);
    const connection = await opened();
    for (let turns = 0; turns < 60; turns++) {
      const first = connection.subscribe('news', { onMessage: () => {} });
      for (let wait = 0; wait < turns % 4; wait++) await new Promise(setImmediate);
      connection.unsubscribe('news');
      await first;
      await connection.subscribe('news', { onMessage: () => {} });
      expect(await redis.client.publish('news', 'hello')).toBe(1);
      connection.unsubscribe('news');
      await until(async () => (await redis.client.pubSubNumSub(['news'])).news === 0);
    }
  });

  it('completes without a server or login, and leaves nothing open', async () => {
    await using proxy = await startProxy({ target: redis.server });
    const { client, duplicates } = duplicable(await redis.server.client({ url: proxy.url }));
    await proxy.refuse();
    await open(client).ended();
    await proxy.accept();
    await redis.client.aclSetUser('app', ['reset', 'on', '>pw', '~*', '&*', '+@all']);
    const stranger = duplicable(await redis.server.client({ username: 'app', password: 'pw' }));
    await redis.client.aclSetUser('app', ['resetpass']);
    await open(stranger.client).ended();
    expect([...duplicates, ...stranger.duplicates].map(({ isOpen }) => isOpen)).toEqual([false, false]);
  });

  it('keeps its error listener after its end, so that no error ends the process', async () => {
    const { client, duplicates } = duplicable(await redis.server.client());
    const { opened, subscription } = open(client);
    await opened();
    subscription.unsubscribe();
    expect(() => duplicates[0]?.emit('error', new Error('late'))).not.toThrow();
  });

  it('survives errors that do not end the connection', async () => {
    const { client, duplicates } = duplicable(await redis.server.client());
    const { opened, seen } = open(client);
    await opened();
    duplicates[0]?.emit('error', new Error('NOPERM no PING for you'));
    expect(seen.ended).toBe(false);
    duplicates[0]?.destroy();
    expect(seen.ended).toBe(true);
  });

  it('completes when dropped', async () => {
    const { client } = duplicable(await redis.server.client({ name: 'dropped' }));
    const { opened, seen } = open(client);
    (await opened()).drop();
    expect(seen.ended).toBe(true);
    await settled('dropped', 1);
  });
});

describe('a subscriber', () => {
  it.each<[string, object]>([
    ['a queue that is just long enough for the client', { commandsQueueMaxLength: 4 }],
    ['no offline queue', { disableOfflineQueue: true }],
    ['a cache', { clientSideCache: { ttl: 0, maxEntries: 0 } }],
    ['invalidations', { emitInvalidate: true }],
    ['a timeout of next to nothing', { commandOptions: { timeout: 1 } }],
    ['a database, by url', { url: undefined, socket: {}, database: 3 }],
  ])('is opened from a client with %s, and works after a loss', async (_, options) => {
    const { url, host, port } = redis.server;
    const where = 'url' in options ? { socket: { host, port } } : { url };
    const made = createClient({ ...options, ...where, name: 'odd' } as never);
    clients.push(made);
    made.on('error', () => {});
    await made.connect();
    const { client } = duplicable(made);
    const { opened, ended } = open(client);
    const connection = await opened();
    await connection.subscribe('news', { onMessage: () => {} });
    expect(await redis.client.publish('news', 'hello')).toBe(1);
    const [subscriber] = (await redis.client.clientList()).filter(({ name, sub }) => name === 'odd' && sub === 1);
    expect(subscriber?.flags).not.toContain('t'); // tracks no keys
    await redis.client.clientKill({ filter: 'ID', id: subscriber?.id ?? 0 } as never);
    await ended();
  });

  it('pings its server despite an abort signal in the command options', async () => {
    const controller = new AbortController();
    const made = await redis.server.client({ pingInterval: 50 });
    const { client, duplicates } = duplicable(made.withAbortSignal(controller.signal));
    controller.abort();
    await open(client).opened();
    let answered = 0;
    duplicates[0]?.on('ping-interval', () => answered++);
    await until(() => answered >= 3);
  });

  it('does not keep the process alive', async () => {
    const before = openResources('TCPSocketWrap');
    const { client } = duplicable(await redis.server.client());
    await open(client).opened();
    const after = openResources('TCPSocketWrap');
    expect(after).toBeLessThanOrEqual(before + 1); // the client's own; one of an earlier spec may have closed
  });
});

describe('isConnectable', () => {
  const methods = ['duplicate', 'connect', 'destroy', 'unref', 'subscribe', 'unsubscribe'];
  const all = { options: {}, ...Object.fromEntries(methods.map((name) => [name, () => {}])) };

  it('holds for a client of node-redis, derived ones included', () => {
    const client = createClient();
    expect([client, client.withCommandOptions({ timeout: 5 })].map((one) => isConnectable(one))).toEqual([true, true]);
    client.destroy();
  });

  it.each(Object.keys(all))('does not hold without %s', (name) => {
    expect(isConnectable(all as never)).toBe(true);
    expect(isConnectable({ ...all, [name]: undefined } as never)).toBe(false);
  });
});
