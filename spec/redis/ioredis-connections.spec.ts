import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis, type RedisOptions } from 'ioredis';
import { Redis as Redis6 } from 'ioredis6';
import type { RedisClient } from '../../lib/redis/client.js';
import { type Connectable, openIoRedisSubscriber } from '../../lib/redis/ioredis-connections.js';
import { redisStore } from '../../lib/redis/store.js';
import { type Sentinel, startSentinel } from '../../scripts/support/sentinel.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { until } from '../support/until.js';
import { connections, leaveAll, listen } from './listening.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
let sentinel: Sentinel;
/** A proxy to `sentinel`, which may hang. */
let proxy: TcpProxy;
const clients: Redis[] = [];

beforeAll(async () => {
  sentinel = await startSentinel('main', redis.server);
});
beforeEach(async () => {
  proxy = await startProxy({ target: sentinel });
});
afterEach(async () => {
  leaveAll();
  for (const client of clients.splice(0)) client.disconnect();
  await proxy[Symbol.asyncDispose]();
});
afterAll(async () => {
  await sentinel?.[Symbol.asyncDispose]();
});

describe.each([
  ['ioredis 5', Redis],
  ['ioredis 6', Redis6 as unknown as typeof Redis],
])('a subscriber by sentinels, with %s,', (_, Client) => {
  function make(options: RedisOptions): Redis {
    const client = new Client({ name: 'main', updateSentinels: false, ...options });
    clients.push(client);
    return client;
  }
  const listenBy = (client: Redis) => listen(redisStore(client as RedisClient));

  it('connects to the server of the client without a sentinel, with the same credentials', async () => {
    await redis.client.aclSetUser('app', ['reset', 'on', '>pw', '~*', '&*', '+@all']);
    const login = { username: 'app', password: 'pw', db: 3, connectionName: 'there' };
    // `tls` is not for the servers, unless the options say so.
    const client = make({ sentinels: [proxy], tls: {}, ...login });
    await until(() => client.status === 'ready');
    proxy.swallow();
    const { accepted } = proxy;
    await listenBy(client).hears('listening');
    expect(proxy.accepted).toBe(accepted);
    expect(await connections(redis.client, 'there')).toMatchObject([{ sub: 0 }, { sub: 1, user: 'app', db: 3 }]);
  });

  it('asks the sentinels if the client has no connection, and skips a hung one', async () => {
    proxy.swallow('toClient');
    const client = make({ sentinels: [proxy, sentinel], lazyConnect: true });
    await listenBy(client).hears('listening');
    expect(proxy.accepted).toBe(1);
  });
});

describe('openIoRedisSubscriber', () => {
  const [host, port] = ['192.0.2.7', 6_379];
  const stream = { remoteAddress: host, remotePort: port };
  const asked = { sentinelCommandTimeout: 1_000 };

  it.each<[string, object, object, boolean]>([
    ['of a client by sentinels leads to where that one is', { sentinels: [] }, stream, true],
    ['asks the sentinels for a client under TLS', { sentinels: [] }, { ...stream, encrypted: true }, false],
    ['asks the sentinels for a client that only connects', { sentinels: [] }, {}, false],
    ['leaves a client without sentinels as it is', { sentinels: null }, stream, false],
  ])('%s', (_, options, stream, isThere) => {
    const seen: object[] = [];
    const duplicate = (overrides: object) => {
      seen.push(overrides);
      throw new Error('seen');
    };
    openIoRedisSubscriber(() => ({ options, stream, duplicate }) as unknown as Connectable).subscribe({
      error: () => {},
    });
    const there = { sentinels: undefined, tls: undefined, host, port };
    expect(seen).toEqual([expect.objectContaining(isThere ? { ...asked, ...there } : asked)]);
    expect('host' in (seen[0] as object)).toBe(isThere);
  });
});
