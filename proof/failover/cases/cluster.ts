import { setTimeout as sleep } from 'node:timers/promises';
import { moveSlot } from '../migration.js';
import { call } from '../nodes.js';
import { type Cluster, cluster, promoted } from '../topologies.js';
import type { Terms, World } from '../world.js';
import { type Case, LAG, LONG, parted, roots } from './case.js';

const ONE = {
  topology: 'cluster',
  promises: 'one leader',
  clients: [
    { title: 'node-redis 6 createCluster', by: { library: 'node-redis', topology: 'cluster' } },
    { title: 'ioredis 5 Cluster', by: { library: 'ioredis', topology: 'cluster' } },
  ],
} as const;

const struck = (
  fault: string,
  strike: (servers: Cluster, world: World) => Promise<unknown>,
  terms: Terms = {},
): Case => ({
  ...ONE,
  fault,
  async stage(world, by) {
    const servers = await cluster(world);
    const reach = { ...roots(servers.urls), ...by };
    await world.stand(reach, reach, terms);
    return { strike: () => strike(servers, world) };
  },
});

export const CLUSTER: readonly Case[] = [
  struck('kill -9 of the master', ({ owner }) => owner.server.kill()),
  struck('kill -9 of the master, `ttl` 10 s', ({ owner }) => owner.server.kill(), { ttl: LONG }),
  struck('kill -9 of the master and of the leader', async ({ owner }, world) => {
    await owner.server.kill();
    await world.killLeader();
  }),
  struck('CLUSTER FAILOVER', async ({ replica }) => {
    await call(replica, 'CLUSTER', 'FAILOVER');
    await promoted(replica);
  }),
  struck('the slot moves to another master', async (servers, world) => {
    const migration = await moveSlot(servers, world.keys);
    await sleep(LAG); // ASK
    await migration.finish(); // MOVED
  }),
  {
    ...ONE,
    promises: 'tokens',
    fault: 'master cut off',
    async stage(world, by) {
      const servers = await cluster(world, { network: true });
      await world.stand({ ...roots(servers.urls), ...by });
      return parted(servers.part, servers.owner);
    },
  },
];
