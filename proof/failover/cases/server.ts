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
  async stage(world, by) {
    const { server } = await world.server();
    await world.stand({ url: server.url, ...by });
    const strike = async () => {
      await server.kill();
      await server.start();
    };
    return { strike };
  },
});

/** Clients know one address, which is made to mean the new master. */
const promotion = (fault: string, strike: (master: Node, replica: Node) => Promise<unknown>): Case => ({
  topology: 'replicas',
  fault,
  promises: 'one leader',
  clients: SINGLE,
  async stage(world, by) {
    const { master, replicas } = await replicated(world, 1);
    const [replica] = replicas as [Node];
    const target = { host: master.at.host, port: master.at.port };
    const address = await world.proxy(target);
    await world.stand({ url: address.url, ...by });
    return {
      async strike() {
        await strike(master, replica);
        target.port = replica.at.port;
        address.cut();
      },
    };
  },
});

/** Servers that nobody watches, by themselves or with a replica. */
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
    async stage(world, by) {
      const nodes = await Promise.all([1, 2, 3].map(() => world.server()));
      const [url = '', ...others] = nodes.map(({ server }) => server.url);
      await world.stand({ url, others, ...by });
      return { strike: async () => nodes[0]?.server.kill() };
    },
  },
];
