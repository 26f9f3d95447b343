import { afterEach, describe, expect, it } from '@jest/globals';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { createClient } from 'redis';
import { elect, isElectionError, quorum } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { from } from 'rxjs';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { startProxy } from '../support/proxy.js';
import { openResources } from '../support/resources.js';
import { until } from '../support/until.js';
import { acquire, acquireRequest, callsSoFar, expectFailure, failure, KEY, read, release } from './ask.js';
import { connected, leaveAll, listen } from './listening.js';
import { useRedis } from './use-redis.js';

const { lease, record } = keysOf(KEY);
const redis = useRedis();
const clients: Array<{ disconnect(): void }> = [];

afterEach(() => {
  leaveAll();
  for (const client of clients.splice(0)) client.disconnect();
});

/** A client of ioredis, through a proxy if one is given. */
function ioRedis(options: RedisOptions = {}, through?: { readonly port: number }): Redis {
  const { host, port } = redis.server;
  const client = new Redis({ host, port: through?.port ?? port, retryStrategy: () => 20, ...options });
  clients.push(client);
  return client;
}

const isReady = (client: Redis) => until(() => client.status === 'ready');

describe('ioredis without a connection', () => {
  async function disconnected(options: RedisOptions) {
    const proxy = await startProxy({ target: redis.server });
    const client = ioRedis(options, proxy);
    await isReady(client);
    await proxy.refuse();
    await until(() => client.status !== 'ready');
    return { proxy, client };
  }

  const OPTIONS: Array<[string, RedisOptions]> = [
    ['as it is', {}],
    ['that gives its own queue up after each attempt', { maxRetriesPerRequest: 0 }],
    ['without an offline queue', { enableOfflineQueue: false }],
  ];

  it.each(OPTIONS)('sends a request once it is connected again: a client %s', async (_, options) => {
    const { proxy, client } = await disconnected(options);
    await using _proxy = proxy;
    const [ready, end] = [client.listenerCount('ready'), client.listenerCount('end')]; // ioredis adds some itself
    const asked = acquire(redisStore(client));
    for (let i = 0; i < 20; i++)
      from(redisStore(client).read({ verb: 'read', key: KEY, timeout: 5 })).subscribe({ error: () => {} });
    expect([client.listenerCount('ready'), client.listenerCount('end')]).toEqual([ready + 1, end + 1]);
    await proxy.accept();
    expect((await asked).status).toBe('granted');
    expect([client.listenerCount('ready'), client.listenerCount('end')]).toEqual([0, 0]);
  });

  it('never sends a request that is given up when the client emits ready', async () => {
    const { proxy, client } = await disconnected({});
    await using _proxy = proxy;
    const asked = from(redisStore(client).acquire(acquireRequest())).subscribe({ error: () => {} });
    client.once('ready', () => asked.unsubscribe());
    await proxy.accept();
    await until(() => asked.closed);
    await client.ping();
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it.each(OPTIONS)('never sends a request that was given up: a client %s', async (_, options) => {
    const { proxy, client } = await disconnected(options);
    await using _proxy = proxy;
    const store = redisStore(client);
    const ask = (id: string) => from(store.acquire(acquireRequest({ id, timeout: 50 })));
    for (let i = 0; i < 10; i++)
      ask(`left ${i}`)
        .subscribe({ error: () => {} })
        .unsubscribe();
    const failures = await Promise.all(
      [1, 2, 3].map((i) => failure(acquire(store, { id: `timed out ${i}`, timeout: 50 }))),
    );
    expect(failures.map(({ code }) => code)).toEqual(Array(3).fill('STORE_UNAVAILABLE'));
    await proxy.accept();
    await isReady(client);
    await client.ping();
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it('works with a client that pipelines commands automatically', async () => {
    const client = ioRedis({ enableAutoPipelining: true, keyPrefix: 'app:' });
    const store = redisStore(client);
    const [one, other] = await Promise.all([acquire(store), acquire(store, { id: 'other' })]);
    expect([one.status, other.status]).toEqual(['granted', 'held']);
  });

  it('connects a lazy client on first use', async () => {
    const client = ioRedis({ lazyConnect: true });
    expect(client.status).toBe('wait');
    expect((await acquire(redisStore(client))).status).toBe('granted');
  });

  it('fails at once if the client is closed', async () => {
    const client = ioRedis();
    await isReady(client);
    const store = redisStore(client);
    client.disconnect();
    await until(() => client.status === 'end');
    await expectFailure(read(store), 'STORE_UNAVAILABLE', 'The client is closed. Connect it');
    await client.connect();
    expect((await read(store)).status).toBe('free');
  });
});

describe('the subscriber connection of ioredis', () => {
  it('leaves no timer that keeps the process alive after a loss', async () => {
    const client = ioRedis({ connectionName: 'listener' });
    await isReady(client);
    const timers = () => openResources('Timeout');
    const before = timers();
    const listener = listen(redisStore(client));
    await listener.hears('listening');
    await redis.client.clientKill({ filter: 'TYPE', type: 'pubsub' } as never);
    await listener.hears('deaf');
    leaveAll();
    await until(() => timers() <= before, { within: 1_000, what: 'no timer to be left' });
  });
});

describe('a request that ioredis resends after a loss', () => {
  /**
   * The outcome of an acquire that was in flight when its connection was lost, and was given up.
   */
  async function resent(limit: (time: number) => number | undefined): Promise<number> {
    await using proxy = await startProxy({ target: redis.server });
    const client = ioRedis({}, proxy);
    await isReady(client);
    const store = redisStore(client);
    const { time = 0 } = await acquire(store); // now the server knows the script
    await release(store);
    const before = await callsSoFar(redis.client);
    proxy.swallow('toServer');
    const notAfter = limit(time);
    const request = acquireRequest({ id: 'resent', ...(notAfter !== undefined && { notAfter }) });
    const asked = from(store.acquire(request)).subscribe({ error: () => {} });
    await until(() => (client as unknown as { commandQueue: { length: number } }).commandQueue.length > 0);
    asked.unsubscribe();
    proxy.heal({ held: 'drop' });
    await until(async () => (await callsSoFar(redis.client)).evalsha > before.evalsha);
    return redis.client.exists(lease);
  }

  it('would take a lease for nobody without its time limit (G4)', async () => {
    expect(await resent(() => undefined)).toBe(1);
  });

  it('grants nothing after its time limit (G4)', async () => {
    expect(await resent((time) => time)).toBe(0);
  });
});

describe('notices with ioredis', () => {
  it('arrive by one extra connection, which closes with the last listener', async () => {
    const client = ioRedis({ connectionName: 'io' });
    await isReady(client);
    const store = redisStore(client);
    const [one, two] = [listen(store), listen(store)];
    await one.hears('listening');
    await connected(redis.client, 'io', 2);
    await acquire(store);
    await Promise.all([one.hears('elected'), two.hears('elected')]);
    await release(store);
    await one.hears('released');
    leaveAll();
    await connected(redis.client, 'io', 1);
    expect(client.eventNames()).toEqual([]);
  });

  it('arrive again after a loss, which emits deaf', async () => {
    const client = ioRedis({ connectionName: 'lost' });
    await isReady(client);
    const store = redisStore(client);
    const listener = listen(store);
    await listener.hears('listening');
    await redis.client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    await listener.hears('deaf');
    await listener.hears('listening', 2);
    await acquire(store);
    await listener.hears('elected');
  });

  it('leave no connection at a hung server once nobody listens', async () => {
    await using proxy = await startProxy({ target: redis.server });
    const client = ioRedis({}, proxy);
    await isReady(client);
    const listener = listen(redisStore(client));
    await listener.hears('listening');
    expect(proxy.connections).toBe(2);
    const timers = () => openResources('Timeout');
    const before = timers();
    proxy.swallow();
    leaveAll();
    // The timer by which ioredis closes the socket in two seconds is gone with the socket.
    await until(() => timers() <= before, { within: 1_000 });
    proxy.heal({ held: 'drop' });
  });
});

describe('a key prefix', () => {
  it('is part of the keys and the channel: only clients with equal prefixes meet', async () => {
    const node = createClient({ url: redis.server.url, keyPrefix: 'app:' });
    await node.connect();
    clients.push({ disconnect: () => node.destroy() });
    const [io, plain] = [redisStore(ioRedis({ keyPrefix: 'app:' })), redisStore(ioRedis())];
    const stores = [redisStore(node), io, plain];
    const heard = stores.map((store) => listen(store));
    await Promise.all(heard.map(({ hears }) => hears('listening')));
    await acquire(io);
    await Promise.all(heard.slice(0, 2).map(({ hears }) => hears('elected')));
    expect((await acquire(redisStore(node), { id: 'other' })).status).toBe('held');
    expect((await acquire(plain, { id: 'other' })).status).toBe('granted');
    expect(await redis.client.exists([`app:${lease}`, lease])).toBe(2);
    await release(io);
    await release(plain, 'other');
    await Promise.all(heard.map(({ hears }) => hears('released')));
    const named = heard.map(({ heard }) => heard.flatMap((notice) => (notice.kind === 'released' ? [notice.id] : [])));
    expect(named).toEqual([['me'], ['me'], ['other']]);
  });

  it.each([
    ['its own', { keyPrefix: 'app:' }],
    ['its nodes’', { redisOptions: { keyPrefix: 'app:' } }],
  ])('is refused if it would split a cluster slot: %s', (_, options) => {
    const client = new Cluster([redis.server], { ...options, lazyConnect: true });
    clients.push(client);
    const thrown = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        return isElectionError(error) && [error.code, error.message];
      }
    };
    const refusal = (option: string) => [
      'INVALID_OPTION',
      expect.stringMatching(`^Invalid option "${option}": must have no keyPrefix .*; received "app:"$`),
    ];
    expect(thrown(() => elect({ redis: client, key: KEY }))).toEqual(refusal('redis'));
    const stores = [redis.client, client, new MemoryLeaseStore()];
    expect(thrown(() => quorum(stores))).toEqual(refusal('stores\\[1\\]'));
  });
});
