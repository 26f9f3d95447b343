import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createClientPool, RESP_TYPES } from 'redis';
import { merge } from 'rxjs';
import type { RedisClient } from '../../lib/redis/client.js';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { startProxy } from '../support/proxy.js';
import type { Client } from '../support/redis.js';
import { until } from '../support/until.js';
import { acquire, KEY, release } from './ask.js';
import { accepted, connected, connections, leaveAll, listen } from './listening.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
const { channel } = keysOf(KEY);
afterEach(leaveAll);

let names = 0;
/** `client` without its `duplicate` method. */
const withoutDuplicate = (client: Client): Client =>
  new Proxy(client, {
    get(target, property) {
      const value = property === 'duplicate' ? undefined : Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** A client with a name that identifies its connections. */
async function named(options: object = {}) {
  const name = `client-${++names}`;
  const client = await redis.server.client({ name, ...options });
  return { name, client, store: redisStore(client) };
}

const subscribers = async (name = channel) => (await redis.client.pubSubNumSub([name]))[name];

describe.each([2, 3] as const)('notices on RESP%d', (RESP) => {
  it('emit elections and releases as they happen, of any client', async () => {
    const { store } = await named({ RESP });
    const listener = listen(store);
    await listener.hears('listening');
    const other = redisStore(redis.client);
    const granted = await acquire(other, { data: 'http://me', ttl: 5_000 });
    await release(other);
    await listener.hears('released');
    const holder = { id: 'me', name: 'my name', data: 'http://me', token: granted.token, expiresIn: 5_000 };
    expect(listener.heard).toEqual([
      { kind: 'listening' },
      { kind: 'elected', holder },
      { kind: 'released', id: 'me' },
    ]);
  });

  it('share one connection and one channel a key, which close with the last listener', async () => {
    const { store, client, name } = await named({ RESP });
    const stores = [store, redisStore(client)];
    const listeners = stores.flatMap((one) => [listen(one), listen(one), listen(one, 'another election')]);
    await Promise.all(listeners.map((listener) => listener.hears('listening')));
    expect(await connections(redis.client, name)).toMatchObject([{ sub: 0 }, { sub: 2 }]);
    expect(await subscribers()).toBe(1);
    for (const listener of listeners.slice(1)) listener.leave();
    await until(async () => (await connections(redis.client, name))[1]?.sub === 1);
    listeners[0]?.leave();
    await connected(redis.client, name, 1);
    expect(client.isReady).toBe(true);
  });

  it('of one key do not reach listeners of another key', async () => {
    const { store } = await named({ RESP });
    const [one, other] = [listen(store, 'one'), listen(store, 'other')];
    await Promise.all([one.hears('listening'), other.hears('listening')]);
    await acquire(redisStore(redis.client), { key: 'one', id: 'first' });
    await acquire(redisStore(redis.client), { key: 'other', id: 'second' });
    await other.hears('elected');
    expect([one.heard, other.heard]).toMatchObject([
      [{}, { kind: 'elected', holder: { id: 'first' } }],
      [{}, { kind: 'elected', holder: { id: 'second' } }],
    ]);
  });

  it('do not reach listeners under another key prefix', async () => {
    const { store } = await named({ RESP, keyPrefix: 'app:' });
    const listener = listen(store);
    await listener.hears('listening');
    await acquire(redisStore(redis.client), { id: 'without' });
    await acquire(store, { id: 'within' });
    await listener.hears('elected');
    expect(listener.heard.slice(1)).toMatchObject([{ kind: 'elected', holder: { id: 'within' } }]);
  });

  it('arrive again for a listener that leaves and returns at any moment', async () => {
    const { store, name } = await named({ RESP });
    const stays = listen(store, 'another election');
    await stays.hears('listening');
    for (let times = 0; times < 20; times++) {
      listen(store).leave(); // while it is being subscribed
      const listener = listen(store);
      await listener.hears('listening');
      await redis.client.publish(channel, '{"event":"released","id":"me"}');
      await listener.hears('released');
      expect(listener.kinds()).toEqual(['listening', 'released']);
      listener.leave();
    }
    expect(await connections(redis.client, name)).toHaveLength(2);
    stays.leave();
    await connected(redis.client, name, 1);
  });

  it('reach clients that map types to others', async () => {
    const commandOptions = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer } };
    const { client } = await named({ RESP, commandOptions, pingInterval: 1 });
    const derived = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    const listener = listen(redisStore(derived));
    await listener.hears('listening');
    for (let times = 1; times <= 50; times++) {
      await redis.client.publish(channel, '{"event":"released","id":"ключ 🗝"}');
      await listener.hears('released', times);
    }
    expect(listener.heard.at(-1)).toEqual({ kind: 'released', id: 'ключ 🗝' });
  });
});

describe('listening', () => {
  it('is emitted once and at once to a listener that joins later', async () => {
    const { store } = await named();
    await listen(store).hears('listening');
    const late = listen(store);
    expect(late.kinds()).toEqual(['listening']);
    await redis.client.publish(channel, '{"event":"released","id":"me"}');
    await late.hears('released');
    expect(late.kinds()).toEqual(['listening', 'released']);
  });

  it('is not emitted while the channel is being subscribed', async () => {
    const { store } = await named();
    await listen(store).hears('listening');
    const other = listen(store, 'another election');
    expect(other.kinds()).toEqual([]);
    await other.hears('listening');
  });

  it('is emitted only once published messages arrive', async () => {
    const { store } = await named();
    for (let times = 0; times < 20; times++) {
      const listener = listen(store);
      await listener.hears('listening');
      expect(await redis.client.publish(channel, '"whatever"')).toBe(1);
      listener.leave();
      await until(async () => (await subscribers()) === 0);
    }
  });
});

describe('invalid messages', () => {
  it('are ignored, and later notices arrive', async () => {
    const { store } = await named();
    const listener = listen(store);
    await listener.hears('listening');
    const id = '"id":"me"';
    const forged = ['', 'x', '{', 'null', '[]', '{}', `{${id}}`, `{"event":"listening",${id}}`, '{"event":"released"}'];
    for (const message of [...forged, '\0'.repeat(1_000), '['.repeat(1_000)])
      await redis.client.publish(channel, message);
    await redis.client.publish(channel, Buffer.from([0xff, 0xfe, 0x00, 0x22]) as never);
    await redis.client.publish(channel, `{"event":"released",${id}}`);
    await listener.hears('released');
    expect(listener.kinds()).toEqual(['listening', 'released']);
  });
});

describe('subscriptions that end at once', () => {
  it('open no connection, however many there are', async () => {
    const { store, name } = await named();
    const before = await accepted(redis.client);
    for (let times = 0; times < 1_000; times++) {
      listen(store).leave();
      if (times % 10 === 0) await new Promise(setImmediate);
    }
    await listen(store).hears('listening');
    expect((await accepted(redis.client)) - before).toBe(1);
    expect(await connections(redis.client, name)).toHaveLength(2);
  });
});

describe('a client that cannot be duplicated', () => {
  const made = () => Object.assign(new EventEmitter(), { isOpen: true, eval: Promise.reject, evalSha: Promise.reject });

  it.each<[string, object]>([
    ['without duplicate', {}],
    ['without subscribe', { options: {}, duplicate: () => expect('duplicate').toBe('never called') }],
  ])('%s emits only its reconnections', (_, more) => {
    const client = Object.assign(made(), more) as EventEmitter & RedisClient;
    const listener = listen(redisStore(client));
    client.emit('ready');
    expect(listener.kinds()).toEqual(['connected']);
  });

  it('is not named as a successor: it would not receive the release, and others would wait for it', async () => {
    const { client } = await named();
    const { store: other } = await named();
    const listener = listen(other);
    await listener.hears('listening');
    await acquire(redisStore(redis.client));
    await acquire(redisStore(withoutDuplicate(client)), { id: 'deaf', hears: true });
    await release(redisStore(redis.client));
    await listener.hears('released');
    expect(listener.heard.at(-1)).toEqual({ kind: 'released', id: 'me' });
  });

  it('receives notices by a given subscriber, whose own connection is unused and may fail', async () => {
    const { client: subscriber, name } = await named();
    const { client } = await named();
    const store = redisStore(withoutDuplicate(client), subscriber);
    expect(redisStore(withoutDuplicate(client), subscriber)).not.toBe(store); // another client
    const before = subscriber.listenerCount('error');
    const listener = listen(store);
    await listener.hears('listening');
    expect(await connections(redis.client, name)).toMatchObject([{ sub: 0 }, { sub: 1 }]);
    expect(subscriber.listenerCount('error')).toBe(before + 1);
    await acquire(store);
    await release(store);
    await listener.hears('released');
    expect(listener.kinds()).toEqual(['listening', 'elected', 'released']);
    await subscriber.ping();
    listener.leave();
    await connected(redis.client, name, 1);
    expect(subscriber.listenerCount('error')).toBe(before);
  });

  it('and a subscriber whose errors are handled while it connects', async () => {
    await using proxy = await startProxy({ target: redis.server });
    const { client: subscriber, name } = await named({ url: proxy.url });
    const { client } = await named();
    const before = subscriber.listenerCount('error');
    proxy.swallow('toClient');
    const listener = listen(redisStore(withoutDuplicate(client), subscriber));
    await connected(redis.client, name, 2);
    expect(subscriber.listenerCount('error')).toBe(before + 1);
    listener.leave();
    expect(subscriber.listenerCount('error')).toBe(before);
    subscriber.destroy();
  });

  it('emits reconnections by its own events', async () => {
    const { client: subscriber } = await named();
    const client = made() as EventEmitter & RedisClient;
    const listener = listen(redisStore(client, subscriber));
    await listener.hears('listening');
    subscriber.emit('ready');
    client.emit('ready');
    expect(listener.kinds()).toEqual(['listening', 'connected']);
  });
});

describe('a client', () => {
  it('that is a pool receives notices by a connection of its own', async () => {
    const pool = createClientPool({ url: redis.server.url, name: 'pool' }, { minimum: 1 });
    pool.on('error', () => {});
    await pool.connect();
    const store = redisStore(pool as never);
    const listener = listen(store);
    await listener.hears('listening');
    expect((await acquire(store)).status).toBe('granted');
    await listener.hears('elected');
    await until(async () => (await connections(redis.client, 'pool'))[1]?.sub === 2); // the inbox
    pool.destroy();
  });

  it('shares nothing with another client', async () => {
    const [one, other] = [await named(), await named()];
    const both = merge(one.store.notices?.(KEY) ?? [], other.store.notices?.(KEY) ?? []).subscribe();
    await connected(redis.client, one.name, 2);
    await connected(redis.client, other.name, 2);
    both.unsubscribe();
    await connected(redis.client, one.name, 1);
    await connected(redis.client, other.name, 1);
  });
});
