import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { from, type ObservableInput, type Observer } from 'rxjs';
import { connectionOf } from '../../lib/redis/connection.js';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { type Client, startRedis } from '../support/redis.js';
import { openResources } from '../support/resources.js';
import { until } from '../support/until.js';
import { acquire, acquireRequest, callsSoFar, failure, KEY, read } from './ask.js';
import { useRedis } from './use-redis.js';

const { lease, record } = keysOf(KEY);
const redis = useRedis();

const subscribe = (asked: ObservableInput<unknown>, observer: Partial<Observer<unknown>> = { error: () => {} }) =>
  from(asked).subscribe(observer);

const clients: Client[] = [];

/**
 * A client through `proxy` for one spec. Without the proxy it would keep reconnecting, by timers
 * that another spec may count.
 */
async function clientBy(proxy: TcpProxy, options: object = {}): Promise<Client> {
  const client = await redis.server.client({ url: proxy.url, socket: { reconnectStrategy: 20 }, ...options });
  clients.push(client);
  return client;
}

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

const timers = () => openResources('Timeout');

describe('redisStore: without a connection', () => {
  async function disconnected() {
    const proxy = await startProxy({ target: redis.server });
    const client = await clientBy(proxy);
    await proxy.refuse();
    await until(() => !client.isReady);
    return { proxy, client };
  }

  /** Resolves once connected again, with all queued commands done. */
  async function reconnected({ proxy, client }: Awaited<ReturnType<typeof disconnected>>): Promise<void> {
    await proxy.accept();
    await client.ping();
  }

  it('sends a queued request once it is connected again', async () => {
    const path = await disconnected();
    await using _ = path.proxy;
    const asked = acquire(redisStore(path.client));
    await reconnected(path);
    expect((await asked).status).toBe('granted');
  });

  it('never sends a queued request that was unsubscribed', async () => {
    const path = await disconnected();
    await using _ = path.proxy;
    const outcomes: unknown[] = [];
    const store = redisStore(path.client);
    for (let i = 0; i < 10; i++) {
      const outcome = {
        next: (reply: unknown) => outcomes.push(reply),
        error: (error: unknown) => outcomes.push(error),
      };
      subscribe(store.acquire(acquireRequest({ id: `attempt ${i}` })), outcome).unsubscribe();
    }
    await reconnected(path);
    expect(await redis.client.exists([lease, record])).toBe(0);
    expect(outcomes).toEqual([]);
  });

  it('never sends a request that is given up when the client emits ready', async () => {
    const path = await disconnected();
    await using _ = path.proxy;
    const asked = subscribe(redisStore(path.client).acquire(acquireRequest()));
    path.client.once('ready', () => asked.unsubscribe());
    await path.proxy.accept();
    await until(() => asked.closed);
    await path.client.ping();
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it('never sends a queued request that has failed without a connection', async () => {
    const path = await disconnected();
    await using _ = path.proxy;
    const asked = Array.from({ length: 10 }, (_, i) =>
      acquire(redisStore(path.client), { id: `attempt ${i}`, timeout: 50 }),
    );
    const errors = await Promise.all(asked.map(failure));
    expect(errors.map(({ code }) => code)).toEqual(asked.map(() => 'STORE_UNAVAILABLE'));
    await reconnected(path);
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it('sends no script by text after the request was unsubscribed', async () => {
    await redis.client.scriptFlush();
    await using proxy = await startProxy({ target: redis.server });
    const client = await clientBy(proxy);
    const before = await callsSoFar(redis.client);
    proxy.swallow('toClient'); // the reply that the hash is unknown
    const asked = subscribe(redisStore(client).acquire(acquireRequest()));
    await until(async () => (await callsSoFar(redis.client)).evalsha > before.evalsha);
    asked.unsubscribe();
    proxy.heal();
    await client.ping();
    expect((await callsSoFar(redis.client)).eval).toBe(before.eval);
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it('sends none with a client without abort signals either', async () => {
    const asked: string[] = [];
    let refuse = (_: Error) => {};
    const told = new Promise((_, reject) => {
      refuse = reject;
    });
    const client = Object.assign(new EventEmitter(), {
      isOpen: true,
      evalSha: () => told,
      eval: async (script: string) => asked.push(script),
    });
    subscribe(redisStore(client).acquire(acquireRequest())).unsubscribe();
    refuse(new Error('NOSCRIPT No matching script.'));
    await new Promise(setImmediate);
    expect(asked).toEqual([]);
    subscribe(redisStore(client).acquire(acquireRequest()));
    await until(() => asked.length === 1);
  });

  it('fails at the timeout with the reason why there is no connection', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const guarding = connectionOf(client).notices.subscribe();
    // The error of the loss comes first. It is not the reason why reconnecting fails.
    await until(() => /ECONNREFUSED/.test(String(connectionOf(client).lastError)));
    const start = performance.now();
    const error = await failure(read(redisStore(client), { timeout: 200 }));
    const elapsed = performance.now() - start;
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toMatch(/^read of "an election" failed: .*ECONNREFUSED/);
    expect(elapsed / 200).toBeGreaterThan(0.95);
    guarding.unsubscribe();
  });

  it('does not fail without a connection once it was sent, however late the reply', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const timeout = 2_000; // long enough to reconnect and send, also on a slow machine
    const begun = performance.now();
    const asked = acquire(redisStore(client), { timeout });
    asked.catch(() => {}); // it is awaited later
    client.once('ready', () => proxy.swallow('toClient'));
    await proxy.accept();
    await until(() => performance.now() - begun > 1.2 * timeout);
    expect(client.isReady).toBe(true);
    proxy.heal();
    expect((await asked).status).toBe('granted');
  });

  it('says that the client is not connected if there is no known reason', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const error = await failure(read(redisStore(client), { timeout: 50 }));
    expect([error.code, error.message]).toEqual(['STORE_UNAVAILABLE', expect.stringContaining('not connected')]);
  });

  it('ignores the client’s own timeout', async () => {
    const proxy = await startProxy({ target: redis.server });
    await using _ = proxy;
    const client = await clientBy(proxy, { commandOptions: { timeout: 20 } });
    await proxy.refuse();
    await until(() => !client.isReady);
    const asked = acquire(redisStore(client));
    const first = await Promise.race([failure(asked), client.ping().catch((error: Error) => error)]);
    expect(first).not.toHaveProperty('code'); // the ping of the client has timed out, not the request
    await proxy.accept();
    expect((await asked).status).toBe('granted');
  });

  it('is STORE_DENIED if the password is wrong', async () => {
    await using closed = await startRedis({ args: ['--requirepass', 'old'] });
    const before = timers();
    const patient = { reconnectStrategy: 500 }; // longer than the request
    const client = await closed.client({ password: 'old', socket: patient });
    const guarding = connectionOf(client).notices.subscribe();
    await client.configSet('requirepass', 'new');
    const admin = await closed.client({ password: 'new' });
    await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(await client.clientId())]);
    await until(() => /WRONGPASS/.test(String(connectionOf(client).lastError)));
    const error = await failure(acquire(redisStore(client), { timeout: 100 }));
    expect([error.code, error.message]).toEqual(['STORE_DENIED', expect.stringMatching(/WRONGPASS.*password/)]);
    guarding.unsubscribe();
    // A client that is reconnecting (node-redis 6.3.1) goes on to connect.
    client.on('connect', () => client.destroy());
    client.destroy();
    await until(() => timers() <= before); // the client's timer lasts until its next attempt
  });

  it('leaves no timer behind', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const before = timers();
    const store = redisStore(client);
    const asked = Array.from({ length: 50 }, () => subscribe(store.acquire(acquireRequest())));
    expect(timers()).toBeGreaterThanOrEqual(before + 40);
    for (const subscription of asked) subscription.unsubscribe();
    expect(timers()).toBeLessThan(before + 10); // the client has some itself
  });
});

describe('redisStore: a request that hangs', () => {
  it('does not fail before the connection does', async () => {
    await using proxy = await startProxy({ target: redis.server });
    const client = await clientBy(proxy);
    await acquire(redisStore(client));
    proxy.swallow();
    const asked = failure(read(redisStore(client), { timeout: 10 }));
    const later = new Promise((resolve) => setTimeout(resolve, 50, 'still waiting'));
    expect(await Promise.race([asked, later])).toBe('still waiting');
    proxy.cut();
    expect((await asked).code).toBe('STORE_UNAVAILABLE');
  });
});
