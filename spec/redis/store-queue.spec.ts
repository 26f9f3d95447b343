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

/** A client by way of `proxy`, for one spec: it would go on trying to connect when that has gone, by timers that another spec may count. */
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

  /** Connected again, and everything that was queued has run. */
  async function reconnected({ proxy, client }: Awaited<ReturnType<typeof disconnected>>): Promise<void> {
    await proxy.accept();
    await client.ping();
  }

  it('runs a queued request when it is connected again', async () => {
    const link = await disconnected();
    await using _ = link.proxy;
    const asked = acquire(redisStore(link.client));
    await reconnected(link);
    expect((await asked).status).toBe('granted');
  });

  it('never runs a queued request that was unsubscribed', async () => {
    const link = await disconnected();
    await using _ = link.proxy;
    const outcomes: unknown[] = [];
    const store = redisStore(link.client);
    for (let i = 0; i < 10; i++) {
      const outcome = {
        next: (reply: unknown) => outcomes.push(reply),
        error: (error: unknown) => outcomes.push(error),
      };
      subscribe(store.acquire(acquireRequest({ id: `attempt ${i}` })), outcome).unsubscribe();
    }
    await reconnected(link);
    expect(await redis.client.exists([lease, record])).toBe(0);
    expect(outcomes).toEqual([]);
  });

  it('never runs one that is given up as the client tells that it is connected again', async () => {
    const link = await disconnected();
    await using _ = link.proxy;
    const asked = subscribe(redisStore(link.client).acquire(acquireRequest()));
    link.client.once('ready', () => asked.unsubscribe());
    await link.proxy.accept();
    await until(() => asked.closed);
    await link.client.ping();
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it('never runs a queued request that has failed for want of a connection', async () => {
    const link = await disconnected();
    await using _ = link.proxy;
    const asked = Array.from({ length: 10 }, (_, i) =>
      acquire(redisStore(link.client), { id: `attempt ${i}`, timeout: 50 }),
    );
    const errors = await Promise.all(asked.map(failure));
    expect(errors.map(({ code }) => code)).toEqual(asked.map(() => 'STORE_UNAVAILABLE'));
    await reconnected(link);
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it('sends no script by text after the request was unsubscribed', async () => {
    await redis.client.scriptFlush();
    await using proxy = await startProxy({ target: redis.server });
    const client = await clientBy(proxy);
    const before = await callsSoFar(redis.client);
    proxy.swallow('toClient'); // the answer that this hash is unknown
    const asked = subscribe(redisStore(client).acquire(acquireRequest()));
    await until(async () => (await callsSoFar(redis.client)).evalsha > before.evalsha);
    asked.unsubscribe();
    proxy.heal();
    await client.ping();
    expect((await callsSoFar(redis.client)).eval).toBe(before.eval);
    expect(await redis.client.exists([lease, record])).toBe(0);
  });

  it('sends none to a client either that takes no signal', async () => {
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

  it('fails with the reason why there is no connection, when the time of the request is up', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const guarding = connectionOf(client).notices.subscribe();
    // The loss of the connection comes first, and is no reason why there is no other.
    await until(() => /ECONNREFUSED/.test(String(connectionOf(client).lastError)));
    const start = performance.now();
    const error = await failure(read(redisStore(client), { timeout: 200 }));
    const elapsed = performance.now() - start;
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toMatch(/^read of "an election" failed: .*ECONNREFUSED/);
    expect(elapsed / 200).toBeGreaterThan(0.95);
    guarding.unsubscribe();
  });

  it('does not fail for want of a connection once it has been sent, however late the answer', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const timeout = 2_000; // by then it is connected again and has sent it, on a slow machine too
    const begun = performance.now();
    const asked = acquire(redisStore(client), { timeout });
    asked.catch(() => {}); // until it is looked at
    client.once('ready', () => proxy.swallow('toClient'));
    await proxy.accept();
    await until(() => performance.now() - begun > 1.2 * timeout);
    expect(client.isReady).toBe(true);
    proxy.heal();
    expect((await asked).status).toBe('granted');
  });

  it('says that it is not connected where it knows no reason', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const error = await failure(read(redisStore(client), { timeout: 50 }));
    expect([error.code, error.message]).toEqual(['STORE_UNAVAILABLE', expect.stringContaining('not connected')]);
  });

  it('is not cut short by the client’s own timeout', async () => {
    const proxy = await startProxy({ target: redis.server });
    await using _ = proxy;
    const client = await clientBy(proxy, { commandOptions: { timeout: 20 } });
    await proxy.refuse();
    await until(() => !client.isReady);
    const asked = acquire(redisStore(client));
    const first = await Promise.race([failure(asked), client.ping().catch((error: Error) => error)]);
    expect(first).not.toHaveProperty('code'); // the client's own ping has timed out, the request has not
    await proxy.accept();
    expect((await asked).status).toBe('granted');
  });

  it('is STORE_DENIED where the reason is the password', async () => {
    await using closed = await startRedis({ args: ['--requirepass', 'old'] });
    const before = timers();
    const patient = { reconnectStrategy: 500 }; // by then the request has been given up
    const client = await closed.client({ password: 'old', socket: patient });
    const guarding = connectionOf(client).notices.subscribe();
    await client.configSet('requirepass', 'new');
    const admin = await closed.client({ password: 'new' });
    await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(await client.clientId())]);
    await until(() => /WRONGPASS/.test(String(connectionOf(client).lastError)));
    const error = await failure(acquire(redisStore(client), { timeout: 100 }));
    expect([error.code, error.message]).toEqual(['STORE_DENIED', expect.stringMatching(/WRONGPASS.*password/)]);
    guarding.unsubscribe();
    // One that is just reconnecting (node-redis 6.3.1) goes on to connect all the same.
    client.on('connect', () => client.destroy());
    client.destroy();
    await until(() => timers() <= before); // the client's own, until it would have tried again
  });

  it('leaves no timer behind', async () => {
    const { proxy, client } = await disconnected();
    await using _ = proxy;
    const before = timers();
    const store = redisStore(client);
    const asked = Array.from({ length: 50 }, () => subscribe(store.acquire(acquireRequest())));
    expect(timers()).toBeGreaterThanOrEqual(before + 40);
    for (const subscription of asked) subscription.unsubscribe();
    expect(timers()).toBeLessThan(before + 10); // the client has some of its own
  });
});

describe('redisStore: a request that hangs', () => {
  it('fails by itself no sooner than the connection does', async () => {
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
