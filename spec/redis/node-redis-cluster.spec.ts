import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCluster } from 'redis';
import { createCluster as createCluster5 } from 'redis5';
import type { RedisClient } from '../../lib/redis/client.js';
import { keysOf } from '../../lib/redis/keys.js';
import { slotOf } from '../../lib/redis/slots.js';
import { redisStore } from '../../lib/redis/store.js';
import { type ClusterOfOne, startClusterOfOne } from '../support/cluster-of-one.js';
import type { Client, RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { acquire, expectFailure, KEY } from './ask.js';
import { connections, leaveAll, listen, pings } from './listening.js';

const SLOT = `${slotOf(keysOf(KEY).lease)}`;
let one: ClusterOfOne;
let server: RedisServer;
let admin: Client;
let cluster: ClusterOfOne['cluster'];
const clients: Array<{ destroy(): void }> = [];

beforeEach(async () => {
  one = await startClusterOfOne('--cluster-require-full-coverage', 'no');
  ({ server, admin, cluster } = one);
});

afterEach(async () => {
  leaveAll();
  for (const client of clients.splice(0)) client.destroy(); // again: a leaked connection must not keep this process alive
  await one?.[Symbol.asyncDispose]();
});

/** The number of requests for the slots of the cluster. */
async function looks(): Promise<number> {
  const stats = await admin.info('commandstats');
  return [...stats.matchAll(/cmdstat_cluster(?:\|(?:slots|shards))?:calls=(\d+)/g)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}

describe.each([
  ['node-redis 6', createCluster],
  ['node-redis 5', createCluster5 as unknown as typeof createCluster],
])('a cluster client of %s', (_, create) => {
  const name = 'looking';

  /** A client that has just received that nobody has the slot, and a wait for its discovery. */
  async function refused() {
    const client = create({ rootNodes: [{ url: server.url }], defaults: { name } });
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    const store = redisStore(client as unknown as RedisClient);
    await acquire(store, { ttl: 100 });
    await cluster('DELSLOTS', SLOT);
    const before = await looks();
    await expectFailure(acquire(store, { id: 'other' }), 'STORE_UNAVAILABLE', 'CLUSTERDOWN');
    const look = () => until(async () => (await looks()) > before, { what: 'the client to look for the slot' });
    return { client, look };
  }

  it('discovers the new node of a slot that its node no longer serves', async () => {
    const { look } = await refused();
    await look();
  });

  it('keeps its subscriber connection after it connects to a node, but pings it', async () => {
    const client = create({ rootNodes: [{ url: server.url }], defaults: { name } });
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    const listener = listen(redisStore(client as unknown as RedisClient));
    await listener.hears('listening');
    const before = await pings(admin);
    client.emit('node-ready');
    await until(async () => (await pings(admin)) > before, { what: 'a PING' });
    expect(listener.kinds()).toEqual(['listening', 'connected']);
  });

  it('keeps no connection if it is closed during the discovery', async () => {
    const { client, look } = await refused();
    client.destroy();
    await look();
    await until(async () => (await connections(admin, name)).length === 0, { what: 'no connection to be left' });
  });
});
