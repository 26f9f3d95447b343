import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../scripts/support/until.js';
import { moveSlot } from './migration.js';
import { call, type Endpoint, type Node } from './nodes.js';
import { cluster, promoted, replicated, type SentinelOptions, sentinels } from './topologies.js';
import { type Reach, TIMES, type World } from './world.js';

export type Library = 'node-redis' | 'ioredis';

/** A fault of one topology, which is measured for the clients of both libraries. */
export interface Case {
  readonly topology: string;
  readonly fault: string;
  /** What the contract says: one leader at any instant, or that only tokens tell two apart. */
  readonly promises: 'one leader' | 'tokens';
  readonly clients: Readonly<Partial<Record<Library, string>>>;
  /** Starts servers, has candidates stand, and tells what is to befall them then. */
  stage(world: World, library: Library): Promise<Stage>;
}

/** What is to happen, once all is as it should be. */
export interface Stage {
  strike(): Promise<unknown>;
  /** Ends what does not end by itself. */
  heal?(): void;
}

/** ms that servers are cut off from each other. */
export const SPLIT = 8_000;

/** ms for which replicas hear nothing: more than a lease. */
const LAG = 1.5 * TIMES.ttl;

const SINGLE = { 'node-redis': 'node-redis 6 createClient', ioredis: 'ioredis 5 Redis' } as const;
const BY_SENTINELS = { 'node-redis': 'node-redis 6 createSentinel', ioredis: 'ioredis 5 Redis by sentinels' } as const;
const OF_CLUSTER = { 'node-redis': 'node-redis 6 createCluster', ioredis: 'ioredis 5 Cluster' } as const;

const urlOf = ({ host, port }: Endpoint): string => `redis://${host}:${port}`;

/** Roots of which the first is to be asked first. */
const roots = ([url, ...others]: readonly [string, ...string[]]) => ({ url, others });

const MIN_REPLICAS = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'];

export const CASES: readonly Case[] = [
  ...alone(),
  ...manual(),
  ...underSentinels(),
  ...inCluster(),
  {
    topology: 'quorum',
    fault: 'kill -9 of one server of three',
    promises: 'one leader',
    clients: SINGLE,
    async stage(world, library) {
      const nodes = await Promise.all([1, 2, 3].map(() => world.server()));
      const [url = '', ...others] = nodes.map(({ server }) => server.url);
      await world.stand({ url, others, library });
      return { strike: async () => nodes[0]?.server.kill() };
    },
  },
];

function alone(): Case[] {
  const restart = (clients: Case['clients'], topology: 'server' | 'pool'): Case => ({
    topology: topology === 'pool' ? 'pool' : 'standalone',
    fault: 'kill -9 and restart, without persistence',
    promises: 'one leader',
    clients,
    async stage(world, library) {
      const { server } = await world.server();
      await world.stand({ url: server.url, topology, library });
      const strike = async () => {
        await server.kill();
        await server.start();
      };
      return { strike };
    },
  });
  return [restart(SINGLE, 'server'), restart({ 'node-redis': 'node-redis 6 createClientPool' }, 'pool')];
}

/** Clients know one address, which is made to mean the new master. */
function manual(): Case[] {
  const promotion = (fault: string, strike: (master: Node, replica: Node) => Promise<unknown>): Case => ({
    topology: 'replicas',
    fault,
    promises: 'one leader',
    clients: SINGLE,
    async stage(world, library) {
      const { master, replicas } = await replicated(world, 1);
      const [replica] = replicas as [Node];
      const target = { host: master.at.host, port: master.at.port };
      const address = await world.proxy(target);
      await world.stand({ url: address.url, library });
      return {
        async strike() {
          await strike(master, replica);
          target.port = replica.at.port;
          address.cut();
        },
      };
    },
  });
  return [
    promotion('kill -9 of the master, REPLICAOF NO ONE at once', async (master, replica) => {
      await master.server.kill();
      await call(replica, 'REPLICAOF', 'NO', 'ONE');
    }),
    promotion('FAILOVER, in good order', async (master, replica) => {
      await call(master, 'FAILOVER');
      await promoted(replica);
    }),
  ];
}

type Lag = 'lags' | 'has nothing';

function underSentinels(): Case[] {
  const topology = 'sentinel';
  const one = { topology, promises: 'one leader', clients: BY_SENTINELS } as const;
  const killed = (fault: string, what: { lag?: Lag; leaderToo?: boolean } = {}): Case => ({
    ...one,
    fault,
    async stage(world, library) {
      const servers = await sentinels(world, { network: what.lag !== undefined });
      if (what.lag === 'has nothing') servers.lag();
      await world.stand({ ...roots(servers.urls), topology, library });
      if (what.lag === 'lags') {
        servers.lag();
        await sleep(LAG);
      }
      return {
        async strike() {
          await servers.master.server.kill();
          if (what.lag) servers.forget();
          if (what.leaderToo) await world.killLeader();
        },
      };
    },
  });
  const split = (
    fault: string,
    promises: Case['promises'],
    leader: 'direct' | 'asks',
    options: SentinelOptions = {},
  ): Case => ({
    topology,
    fault,
    promises,
    clients: BY_SENTINELS,
    async stage(world, library) {
      const servers = await sentinels(world, { network: true, ...options });
      const asks: Reach = { ...roots(servers.urls), topology, library };
      await world.stand(leader === 'asks' ? asks : { url: urlOf(servers.master.server), library }, asks);
      return parted(servers.part);
    },
  });
  return [
    killed('kill -9 of the master'),
    killed('kill -9 of the master and of the leader', { leaderToo: true }),
    killed('kill -9 of the master, replicas a lease behind', { lag: 'lags' }),
    killed('kill -9 of the master, replicas that know of no election', { lag: 'has nothing' }),
    {
      ...one,
      fault: 'SENTINEL FAILOVER, in good order',
      async stage(world, library) {
        const { sentinels: own, urls } = await sentinels(world);
        await world.stand({ ...roots(urls), topology, library });
        return { strike: () => until(() => own[0]?.failOver(), { within: 10_000, what: 'a failover to begin' }) };
      },
    },
    split('master cut off from replicas and sentinels; its leader asks the sentinels', 'tokens', 'asks'),
    split('the same; its leader knows this master only', 'tokens', 'direct'),
    split(`the same, min-replicas-to-write 1, max-lag 2`, 'tokens', 'direct', { args: MIN_REPLICAS }),
    split('the same, min-replicas-to-write 1, max-lag 2, down-after 5 s', 'tokens', 'direct', {
      args: MIN_REPLICAS,
      downAfter: 5_000,
    }),
  ];
}

function inCluster(): Case[] {
  const topology = 'cluster';
  const one = { topology, promises: 'one leader', clients: OF_CLUSTER } as const;
  type Servers = Awaited<ReturnType<typeof cluster>>;
  const fault = (name: string, strike: (servers: Servers, world: World) => Promise<unknown>): Case => ({
    ...one,
    fault: name,
    async stage(world, library) {
      const servers = await cluster(world);
      await world.stand({ ...roots(servers.urls), topology, library });
      return { strike: () => strike(servers, world) };
    },
  });
  return [
    fault('kill -9 of the master', ({ owner }) => owner.server.kill()),
    fault('kill -9 of the master and of the leader', async ({ owner }, world) => {
      await owner.server.kill();
      await world.killLeader();
    }),
    fault('CLUSTER FAILOVER, in good order', async ({ replica }) => {
      await call(replica, 'CLUSTER', 'FAILOVER');
      await promoted(replica);
    }),
    fault('the slot moves to another master', async (servers, world) => {
      const migration = await moveSlot(servers, world.keys);
      await sleep(LAG); // ASK
      await migration.finish(); // MOVED
    }),
    {
      ...one,
      promises: 'tokens',
      fault: 'master cut off from all other nodes',
      async stage(world, library) {
        const servers = await cluster(world, { network: true });
        await world.stand({ ...roots(servers.urls), topology, library });
        return parted(servers.part);
      },
    },
  ];
}

/** A split, and its end. */
function parted(part: () => () => void): Stage {
  let join = () => {};
  return {
    async strike() {
      join = part();
      await sleep(SPLIT);
    },
    heal: () => join(),
  };
}
