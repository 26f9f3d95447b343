import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { startProxy } from '../support/proxy.js';
import { type Client, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { acquire, KEY, release } from './ask.js';
import { accepted, connected, connections, leaveAll, listen, pings } from './listening.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
const { channel } = keysOf(KEY);
/** ms after which a subscriber drops a connection that does not reply. */
const PATIENCE = 5_000;
const clients: Client[] = [];

afterEach(() => {
  leaveAll();
  for (const client of clients.splice(0)) client.destroy();
});

/** A client of this spec alone. Another one could reconnect later and be counted. */
async function connect(options: object, server = redis.server): Promise<Client> {
  const client = await server.client(options);
  clients.push(client);
  return client;
}

/** No failure of a subscriber may cause one of these. */
const strays: unknown[] = [];
const note = (stray: unknown) => strays.push(stray);
beforeAll(() => {
  process.on('unhandledRejection', note).on('uncaughtException', note);
});
afterAll(() => {
  process.off('unhandledRejection', note).off('uncaughtException', note);
  expect(strays).toEqual([]);
});

const told = () => redis.client.publish(channel, '{"event":"released","id":"me"}');

/** The subscriber connection of the clients with this name. */
async function subscriberOf(name: string, admin: Client = redis.client): Promise<number> {
  const subscriber = await until(async () => (await connections(admin, name)).find(({ sub }) => sub > 0));
  return subscriber.id;
}

describe.each([2, 3] as const)('a subscriber on RESP%d', (RESP) => {
  it('emits deaf at once when it is killed, and reconnects for all channels', async () => {
    const client = await connect({ RESP, name: `killed-${RESP}` });
    const store = redisStore(client);
    const listeners = [listen(store), listen(store), listen(store, 'another election')];
    await Promise.all(listeners.map((listener) => listener.hears('listening')));
    const killed = performance.now();
    await redis.client.clientKill({ filter: 'ID', id: await subscriberOf(`killed-${RESP}`) } as never);
    await Promise.all(listeners.map((listener) => listener.hears('deaf')));
    expect(performance.now() - killed).toBeLessThan(PATIENCE / 2); // a hung connection is dropped after twice that
    await Promise.all(listeners.map((listener) => listener.hears('listening', 2)));
    await told();
    await listeners[1]?.hears('released');
    expect(listeners.map((listener) => listener.kinds())).toEqual([
      ['listening', 'deaf', 'listening', 'released'],
      ['listening', 'deaf', 'listening', 'released'],
      ['listening', 'deaf', 'listening'],
    ]);
    expect(await connections(redis.client, `killed-${RESP}`)).toHaveLength(2);
  });

  it('reconnects soon after the server is back', async () => {
    await using server = await startRedis();
    const client = await connect({ RESP, socket: { reconnectStrategy: 20 } }, server);
    const listener = listen(redisStore(client));
    await listener.hears('listening');
    await server.kill();
    await listener.hears('deaf');
    await server.start();
    await listener.hears('connected');
    const before = performance.now();
    await listener.hears('listening', 2);
    expect(performance.now() - before).toBeLessThan(PATIENCE); // a hung attempt would take that long
    expect(listener.kinds().filter((kind) => kind !== 'connected')).toEqual(['listening', 'deaf', 'listening']);
    await acquire(redisStore(client));
    await listener.hears('elected');
  });

  it('is lost after more silence than the client allows, but not merely without notices', async () => {
    await using proxy = await startProxy({ target: redis.server });
    const socket = { socketTimeout: 1_500, reconnectStrategy: 20 };
    const client = await connect({ RESP, url: proxy.url, pingInterval: 9_000, socket });
    const listener = listen(redisStore(client));
    await listener.hears('listening');
    const before = await pings(redis.client);
    await until(async () => (await pings(redis.client)) >= before + 3);
    expect(listener.kinds().filter((kind) => kind === 'deaf')).toEqual([]);
    proxy.swallow('toClient');
    await listener.hears('deaf');
    proxy.heal({ held: 'drop' });
    await listener.hears('listening', 2);
  });
});

describe('without permission', () => {
  beforeEach(async () => {
    await redis.client.aclSetUser('app', ['reset', 'on', '>pw', '~*', '&*', '+@all']);
  });
  const login = { username: 'app', password: 'pw' };

  it.each([
    ['for the channel', ['resetchannels']],
    ['to subscribe', ['-subscribe']],
    ['to subscribe or unsubscribe', ['-subscribe', '-unsubscribe']],
  ])('%s no notices arrive, and elections go on', async (what, rules) => {
    await redis.client.aclSetUser('app', rules);
    const client = await connect({ ...login, name: what.replaceAll(' ', '-') });
    const store = redisStore(client);
    const begun = performance.now();
    const listener = listen(store);
    await redis.client.aclLogReset();
    const refusals = async () => (await redis.client.aclLog()).reduce((sum, { count }) => sum + count, 0);
    await until(async () => (await refusals()) >= 2);
    expect(performance.now() - begun).toBeGreaterThan(800); // between the first and the second
    expect((await acquire(store)).status).toBe('granted');
    expect((await release(store)).status).toBe('released');
    expect(listener.kinds()).toEqual([]);
    listener.leave();
    await connected(redis.client, what.replaceAll(' ', '-'), 1);
  });

  it('listening begins when the permission is given, and ends when it is revoked', async () => {
    await redis.client.aclSetUser('app', ['resetchannels']);
    const client = await connect({ ...login, name: 'mended', socket: { reconnectStrategy: 20 } });
    const listener = listen(redisStore(client));
    const other = listen(redisStore(client), 'another election');
    await until(async () => (await connections(redis.client, 'mended')).length === 2);
    await redis.client.aclSetUser('app', [`&${channel}`]);
    await listener.hears('listening');
    await redis.client.aclSetUser('app', ['resetchannels']); // Redis ends connections for that
    await listener.hears('deaf');
    expect(other.kinds().filter((kind) => kind !== 'connected')).toEqual([]);
  });

  it('to log in, the subscriber retries at most once a second, then less often', async () => {
    const client = await connect(login);
    await redis.client.aclSetUser('app', ['resetpass', '>another']); // present connections stay logged in
    const before = await accepted(redis.client);
    const listener = listen(redisStore(client));
    const begun = performance.now();
    await until(async () => (await accepted(redis.client)) - before === 3);
    expect(performance.now() - begun).toBeGreaterThan(2_900);
    expect(listener.kinds()).toEqual([]);
    expect((await acquire(redisStore(client))).status).toBe('granted');
  });
});

describe('a subscriber that is killed again and again', () => {
  it('reconnects at most once a second', async () => {
    const client = await connect({ name: 'hunted' });
    const before = await accepted(redis.client);
    const listener = listen(redisStore(client));
    const begun = performance.now();
    for (let times = 1; times <= 2; times++) {
      await listener.hears('listening', times);
      await redis.client.clientKill({ filter: 'ID', id: await subscriberOf('hunted') } as never);
      await listener.hears('deaf', times);
    }
    await listener.hears('listening', 3);
    expect(performance.now() - begun).toBeGreaterThan(2_900);
    expect((await accepted(redis.client)) - before).toBe(3);
  });
});

describe('a server that accepts connections and never replies', () => {
  it('is dropped, and the connection with it', async () => {
    await using proxy = await startProxy({ target: redis.server });
    const client = await connect({ url: proxy.url, name: 'patient' });
    proxy.swallow('toClient');
    const listener = listen(redisStore(client));
    await connected(redis.client, 'patient', 2);
    await until(async () => (await connections(redis.client, 'patient')).length === 1);
    expect(listener.kinds()).toEqual([]);
  });

  it('during a subscription loses the subscriber, also for its other channels', async () => {
    await using proxy = await startProxy({ target: redis.server });
    const client = await connect({ url: proxy.url });
    const store = redisStore(client);
    const listener = listen(store);
    await listener.hears('listening');
    proxy.swallow('toClient');
    listen(store, 'another election');
    await until(() => listener.kinds().includes('deaf'));
  });
});
