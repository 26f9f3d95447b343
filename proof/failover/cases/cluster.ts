import { setTimeout as sleep } from 'node:timers/promises';
import { moveSlot } from '../migration.js';
import { call } from '../nodes.js';
import type { Settings, Testbed } from '../testbed.js';
import { type Cluster, cluster, promoted } from '../topologies.js';
import { type Case, LAG, LONG, partitionScenario, roots } from './case.js';

const ONE = {
  topology: 'cluster',
  promises: 'one leader',
  clients: [
    { title: 'node-redis 6 createCluster', by: { library: 'node-redis', topology: 'cluster' } },
    { title: 'ioredis 5 Cluster', by: { library: 'ioredis', topology: 'cluster' } },
  ],
} as const;

const faultCase = (
  fault: string,
  inject: (servers: Cluster, testbed: Testbed) => Promise<unknown>,
  terms: Settings = {},
): Case => ({
  ...ONE,
  fault,
  async prepare(testbed, by) {
    const servers = await cluster(testbed);
    const reach = { ...roots(servers.urls), ...by };
    await testbed.startCandidates(reach, reach, terms);
    return { inject: () => inject(servers, testbed) };
  },
});

export const CLUSTER: readonly Case[] = [
  faultCase('kill -9 of the master', ({ owner }) => owner.server.kill()),
  faultCase('kill -9 of the master, `ttl` 10 s', ({ owner }) => owner.server.kill(), { ttl: LONG }),
  faultCase('kill -9 of the master and of the leader', async ({ owner }, testbed) => {
    await owner.server.kill();
    await testbed.killLeader();
  }),
  faultCase('CLUSTER FAILOVER', async ({ replica }) => {
    await call(replica, 'CLUSTER', 'FAILOVER');
    await promoted(replica);
  }),
  faultCase('the slot moves to another master', async (servers, testbed) => {
    const migration = await moveSlot(servers, testbed.keys);
    await sleep(LAG); // ASK
    await migration.finish(); // MOVED
  }),
  {
    ...ONE,
    promises: 'tokens',
    fault: 'master cut off',
    async prepare(testbed, by) {
      const servers = await cluster(testbed, { network: true });
      await testbed.startCandidates({ ...roots(servers.urls), ...by });
      return partitionScenario(servers.partition, servers.owner);
    },
  },
];
