import { call, type Node } from '../nodes.js';
import { promoted, replicated } from '../topologies.js';
import { type Case, type Client, SINGLE } from './case.js';

const POOL: readonly Client[] = [
  { title: 'node-redis 6 createClientPool', by: { library: 'node-redis', topology: 'pool' } },
];

const restart = (topology: string, clients: readonly Client[]): Case => ({
  topology,
  fault: 'kill -9 and restart, without persistence',
  promises: 'one leader',
  clients,
  async prepare(testbed, by) {
    const { server } = await testbed.server();
    await testbed.startCandidates({ url: server.url, ...by });
    const inject = async () => {
      await server.kill();
      await server.start();
    };
    return { inject };
  },
});

/** Clients know one address, which is made to mean the new master. */
const promotion = (fault: string, inject: (master: Node, replica: Node) => Promise<unknown>): Case => ({
  topology: 'replicas',
  fault,
  promises: 'one leader',
  clients: SINGLE,
  async prepare(testbed, by) {
    const { master, replicas } = await replicated(testbed, 1);
    const [replica] = replicas as [Node];
    const target = { host: master.at.host, port: master.at.port };
    const address = await testbed.proxy(target);
    await testbed.startCandidates({ url: address.url, ...by });
    return {
      async inject() {
        await inject(master, replica);
        target.port = replica.at.port;
        address.cut();
      },
    };
  },
});

/** Servers without supervision, alone or with a replica. */
export const ALONE: readonly Case[] = [
  restart('standalone', SINGLE),
  restart('pool', POOL),
  promotion('kill -9 of the master, REPLICAOF NO ONE at once', async (master, replica) => {
    await master.server.kill();
    await call(replica, 'REPLICAOF', 'NO', 'ONE');
  }),
  promotion('FAILOVER, then the address moves', async (master, replica) => {
    await call(master, 'FAILOVER');
    await promoted(replica);
  }),
];

export const QUORUM: readonly Case[] = [
  {
    topology: 'quorum',
    fault: 'kill -9 of one server of three',
    promises: 'one leader',
    clients: SINGLE,
    async prepare(testbed, by) {
      const nodes = await Promise.all([1, 2, 3].map(() => testbed.server()));
      const [url = '', ...others] = nodes.map(({ server }) => server.url);
      await testbed.startCandidates({ url, others, ...by });
      return { inject: async () => nodes[0]?.server.kill() };
    },
  },
];
