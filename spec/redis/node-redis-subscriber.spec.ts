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

/** The client as what it is here: one that can be duplicated. Remembers its duplicates. */
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

/** Opens a link, and waits for it unless it ends before. */
function open(client: Connectable) {
  const seen: { link?: SubscriberConnection; ended: boolean } = { ended: false };
  const subscription = openNodeRedisSubscriber((use) => use(client)).subscribe({
    next: (link) => {
      seen.link = link;
    },
    complete: () => {
      seen.ended = true;
    },
  });
  subscriptions.push(subscription);
  return { seen, subscription, opened: () => until(() => seen.link), ended: () => until(() => seen.ended) };
}

/** `count` connections of that name, and no more to come of those that were under way. */
async function settled(name: string, count: number): Promise<void> {
  await connected(redis.client, name, count);
  const before = await accepted(redis.client);
  for (let looks = 0; looks < 20; looks++) await redis.client.ping();
  await connected(redis.client, name, count);
  expect(await accepted(redis.client)).toBe(before);
}

describe('openNodeRedisLink', () => {
  it('opens a connection beside the client’s own, and closes it when it is left', async () => {
    const { client, duplicates } = duplicable(await redis.server.client({ name: 'plain' }));
    const { opened, subscription } = open(client);
    const link = await opened();
    const heard: string[] = [];
    await link.subscribe('news', { onMessage: (text) => heard.push(text) });
    await redis.client.publish('news', 'hello');
    await until(() => heard.length > 0);
    expect(heard).toEqual(['hello']);
    subscription.unsubscribe();
    await settled('plain', 1);
    expect(duplicates.map(({ isOpen, isReady }) => [isOpen, isReady])).toEqual([[false, false]]);
  });

  it('left while the socket connects, while it logs in or later leaves none behind', async () => {
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

  it('left while the socket connects is closed when it has: some versions cannot close one that only connects', async () => {
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

  it('is subscribed again also where it was told to leave just before, at whatever moment', async () => {
    const { opened } = open(duplicable(await redis.server.client()).client);
    const link = await opened();
    for (let turns = 0; turns < 60; turns++) {
      const first = link.subscribe('news', { onMessage: () => {} });
      for (let wait = 0; wait < turns % 4; wait++) await new Promise(setImmediate);
      link.unsubscribe('news');
      await first;
      await link.subscribe('news', { onMessage: () => {} });
      expect(await redis.client.publish('news', 'hello')).toBe(1);
      link.unsubscribe('news');
      await until(async () => (await redis.client.pubSubNumSub(['news'])).news === 0);
    }
  });

  it('ends where there is no server, or none that lets it in, and leaves nothing open', async () => {
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

  it('keeps listening for errors after its end: none may end the process', async () => {
    const { client, duplicates } = duplicable(await redis.server.client());
    const { opened, subscription } = open(client);
    await opened();
    subscription.unsubscribe();
    expect(() => duplicates[0]?.emit('error', new Error('late'))).not.toThrow();
  });

  it('outlives errors that leave the connection as it is', async () => {
    const { client, duplicates } = duplicable(await redis.server.client());
    const { opened, seen } = open(client);
    await opened();
    duplicates[0]?.emit('error', new Error('NOPERM no PING for you'));
    expect(seen.ended).toBe(false);
    duplicates[0]?.destroy();
    expect(seen.ended).toBe(true);
  });

  it('gives up on being told to', async () => {
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
  ])('is made of a client with %s, and works through a loss', async (_, options) => {
    const { url, host, port } = redis.server;
    const where = 'url' in options ? { socket: { host, port } } : { url };
    const made = createClient({ ...options, ...where, name: 'odd' } as never);
    clients.push(made);
    made.on('error', () => {});
    await made.connect();
    const { client } = duplicable(made);
    const { opened, ended } = open(client);
    const link = await opened();
    await link.subscribe('news', { onMessage: () => {} });
    expect(await redis.client.publish('news', 'hello')).toBe(1);
    const [subscriber] = (await redis.client.clientList()).filter(({ name, sub }) => name === 'odd' && sub === 1);
    expect(subscriber?.flags).not.toContain('t'); // tracks no keys
    await redis.client.clientKill({ filter: 'ID', id: subscriber?.id ?? 0 } as never);
    await ended();
  });

  it('asks whether its server is there, whatever signal was meant for the user’s commands', async () => {
    const controller = new AbortController();
    const made = await redis.server.client({ pingInterval: 50 });
    const { client, duplicates } = duplicable(made.withAbortSignal(controller.signal));
    controller.abort();
    await open(client).opened();
    let answered = 0;
    duplicates[0]?.on('ping-interval', () => answered++);
    await until(() => answered >= 3);
  });

  it('keeps no process alive', async () => {
    const before = openResources('TCPSocketWrap');
    const { client } = duplicable(await redis.server.client());
    await open(client).opened();
    const after = openResources('TCPSocketWrap');
    expect(after).toBeLessThanOrEqual(before + 1); // the client's own; one of the specs before may have closed meanwhile
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

  it.each(Object.keys(all))('does not without %s', (name) => {
    expect(isConnectable(all as never)).toBe(true);
    expect(isConnectable({ ...all, [name]: undefined } as never)).toBe(false);
  });
});
