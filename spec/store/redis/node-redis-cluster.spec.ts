import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCluster } from 'redis';
import { createCluster as createCluster5 } from 'redis5';
import type { RedisClient } from '../../../lib/store/redis/client.js';
import { keysOf } from '../../../lib/store/redis/keys.js';
import { slotOf } from '../../../lib/store/redis/slots.js';
import { redisStore } from '../../../lib/store/redis/store.js';
import { type Client, type RedisServer, startRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';
import { acquire, expectFailure, KEY } from './ask.js';
import { connections, leaveAll, listen, pings } from './listening.js';

const SLOT = `${slotOf(keysOf(KEY).lease)}`;
let folder: string;
let server: RedisServer;
let admin: Client;
const clients: Array<{ destroy(): void }> = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rx-leader-')); // it insists on writing down what it knows of the others
  const args = ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no', '--dir', folder];
  server = await startRedis({ args });
  admin = await server.client();
  await cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => `${slot}`));
  await until(async () => String(await cluster('INFO')).includes('cluster_state:ok'), { within: 10_000 });
});

afterEach(async () => {
  leaveAll();
  for (const client of clients.splice(0)) client.destroy(); // once more: what it keeps that it should not must not keep this process
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const cluster = (...args: string[]): Promise<unknown> => admin.sendCommand(['CLUSTER', ...args]);

/** How often anybody has asked which node has which slots. */
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
])('a client of a cluster, of %s', (_, create) => {
  const name = 'looking';

  /** One that has just been told that nobody has the slot, and what waits for it to look who has. */
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

  it('asks who has a slot that the node which had it serves no more', async () => {
    const { look } = await refused();
    await look();
  });

  it('keeps what it listens by when it has connected to a node, but asks whether that is there', async () => {
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

  it('keeps no connection where it is closed while it asks', async () => {
    const { client, look } = await refused();
    client.destroy();
    await look();
    await until(async () => (await connections(admin, name)).length === 0, { what: 'no connection to be left' });
  });
});
