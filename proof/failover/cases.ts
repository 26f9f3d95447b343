import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../scripts/support/until.js';
import { moveSlot } from './migration.js';
import { call, type Endpoint, isMaster, type Node } from './nodes.js';
import { cluster, promoted, replicated, type SentinelOptions, sentinels } from './topologies.js';
import { type Reach, TIMES, type World } from './world.js';

/** A sort of client, and what makes candidates have it. */
export interface Client {
  readonly title: string;
  readonly by: Pick<Reach, 'library' | 'topology' | 'failoverDetector'>;
}

/** A fault of one topology, which is measured for several clients. */
export interface Case {
  readonly topology: string;
  readonly fault: string;
  /** What the contract says: one leader at any instant, or that only tokens tell two apart. */
  readonly promises: 'one leader' | 'tokens';
  readonly clients: readonly Client[];
  /** Starts servers, has candidates stand, and tells what is to befall them then. */
  stage(world: World, by: Client['by']): Promise<Stage>;
}

/** What is to happen, once all is as it should be. */
export interface Stage {
  strike(): Promise<unknown>;
  /** Ends what does not end by itself; resolves when the servers agree again. */
  heal?(): Promise<unknown>;
}

/** ms that servers are cut off from each other. */
export const SPLIT = 8_000;

/** A `ttl` that outlives a failover, ms. */
const LONG = 10_000;

/** ms for which replicas hear nothing: more than a lease. */
const LAG = 1.5 * TIMES.ttl;

const SINGLE: readonly Client[] = [
  { title: 'node-redis 6 createClient', by: { library: 'node-redis' } },
  { title: 'ioredis 5 Redis', by: { library: 'ioredis' } },
];
const POOL: readonly Client[] = [
  { title: 'node-redis 6 createClientPool', by: { library: 'node-redis', topology: 'pool' } },
];
const BY_SENTINELS: readonly Client[] = [
  { title: 'node-redis 6 createSentinel', by: { library: 'node-redis', topology: 'sentinel' } },
  { title: 'ioredis 5 Redis by sentinels', by: { library: 'ioredis', topology: 'sentinel' } },
];
/** One that has itself told of a new master, as node-redis's does by itself. */
const TOLD: Client = {
  title: 'ioredis 5 Redis by sentinels, `failoverDetector`',
  by: { library: 'ioredis', topology: 'sentinel', failoverDetector: true },
};
/** Where that makes a difference: the old master is there, and keeps its connections. */
const TOLD_OR_NOT: readonly Client[] = [...BY_SENTINELS, TOLD];
const ALL_TOLD: readonly Client[] = TOLD_OR_NOT.filter(({ by }) => by.library === 'node-redis' || by.failoverDetector);
const OF_CLUSTER: readonly Client[] = [
  { title: 'node-redis 6 createCluster', by: { library: 'node-redis', topology: 'cluster' } },
  { title: 'ioredis 5 Cluster', by: { library: 'ioredis', topology: 'cluster' } },
];

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
    async stage(world, by) {
      const nodes = await Promise.all([1, 2, 3].map(() => world.server()));
      const [url = '', ...others] = nodes.map(({ server }) => server.url);
      await world.stand({ url, others, ...by });
      return { strike: async () => nodes[0]?.server.kill() };
    },
  },
];

function alone(): Case[] {
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
  return [restart('standalone', SINGLE), restart('pool', POOL)];
}

/** Clients know one address, which is made to mean the new master. */
function manual(): Case[] {
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
  return [
    promotion('kill -9 of the master, REPLICAOF NO ONE at once', async (master, replica) => {
      await master.server.kill();
      await call(replica, 'REPLICAOF', 'NO', 'ONE');
    }),
    promotion('FAILOVER, then the address moves', async (master, replica) => {
      await call(master, 'FAILOVER');
      await promoted(replica);
    }),
  ];
}

type Lag = 'lags' | 'has nothing';

function underSentinels(): Case[] {
  const topology = 'sentinel';
  const one = { topology, promises: 'one leader', clients: BY_SENTINELS } as const;
  const killed = (fault: string, what: { lag?: Lag; leaderToo?: boolean; ttl?: number } = {}): Case => ({
    ...one,
    fault,
    async stage(world, by) {
      const servers = await sentinels(world, { network: what.lag !== undefined });
      if (what.lag === 'has nothing') servers.lag();
      const reach = { ...roots(servers.urls), ...by };
      await world.stand(reach, reach, what.ttl);
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
  const ordered = (
    what: Pick<Case, 'fault' | 'promises' | 'clients'>,
    leader: Client['by'] = {},
    args: readonly string[] = [],
  ): Case => ({
    ...one,
    ...what,
    async stage(world, by) {
      const { master, sentinels: own, urls } = await sentinels(world, { args });
      const reach = { ...roots(urls), ...by };
      await world.stand({ ...reach, ...leader }, reach);
      return {
        strike: () => until(() => own[0]?.failOver(), { within: 10_000, what: 'a failover to begin' }),
        heal: () => demoted(master),
      };
    },
  });
  const untold = { promises: 'tokens', clients: [TOLD] } as const;
  const split = (
    fault: string,
    clients: readonly Client[],
    { asks, ...options }: SentinelOptions & { asks?: boolean } = {},
  ): Case => ({
    ...one,
    fault: `master cut off, its leader ${fault}`,
    promises: 'tokens',
    clients,
    async stage(world, by) {
      const servers = await sentinels(world, { network: true, ...options });
      const reach: Reach = { ...roots(servers.urls), ...by };
      const direct: Reach = { url: urlOf(servers.master.server), ...(by.library && { library: by.library }) };
      await world.stand(asks ? reach : direct, reach);
      return parted(servers.part, servers.master);
    },
  });
  return [
    killed('kill -9 of the master'),
    killed('kill -9 of the master, `ttl` 10 s', { ttl: LONG }),
    killed('kill -9 of the master and of the leader', { leaderToo: true }),
    killed('kill -9 of the master, replicas a lease behind', { lag: 'lags' }),
    killed('kill -9 of the master, replicas that know of no election', { lag: 'has nothing' }),
    ordered({ fault: 'SENTINEL FAILOVER', promises: 'one leader', clients: TOLD_OR_NOT }),
    ordered({ ...untold, fault: 'SENTINEL FAILOVER, the leader is not told' }, { failoverDetector: false }),
    ordered(
      { ...untold, fault: 'SENTINEL FAILOVER, the leader is not told; min-replicas' },
      { failoverDetector: false },
      MIN_REPLICAS,
    ),
    split('asks the sentinels', TOLD_OR_NOT, { asks: true }),
    split('knows this master only', ALL_TOLD),
    split('knows this master only; min-replicas', TOLD_OR_NOT, { args: MIN_REPLICAS }),
    split('knows this master only; min-replicas, down-after 5 s', ALL_TOLD, { args: MIN_REPLICAS, downAfter: 5_000 }),
  ];
}

function inCluster(): Case[] {
  const topology = 'cluster';
  const one = { topology, promises: 'one leader', clients: OF_CLUSTER } as const;
  type Servers = Awaited<ReturnType<typeof cluster>>;
  const fault = (name: string, strike: (servers: Servers, world: World) => Promise<unknown>, ttl?: number): Case => ({
    ...one,
    fault: name,
    async stage(world, by) {
      const servers = await cluster(world);
      const reach = { ...roots(servers.urls), ...by };
      await world.stand(reach, reach, ttl);
      return { strike: () => strike(servers, world) };
    },
  });
  return [
    fault('kill -9 of the master', ({ owner }) => owner.server.kill()),
    fault('kill -9 of the master, `ttl` 10 s', ({ owner }) => owner.server.kill(), LONG),
    fault('kill -9 of the master and of the leader', async ({ owner }, world) => {
      await owner.server.kill();
      await world.killLeader();
    }),
    fault('CLUSTER FAILOVER', async ({ replica }) => {
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
      fault: 'master cut off',
      async stage(world, by) {
        const servers = await cluster(world, { network: true });
        await world.stand({ ...roots(servers.urls), ...by });
        return parted(servers.part, servers.owner);
      },
    },
  ];
}

/** A split, and its end: what was the master follows the one that was made meanwhile. */
function parted(part: () => () => void, master: Node): Stage {
  let join = () => {};
  return {
    async strike() {
      join = part();
      await sleep(SPLIT);
    },
    heal() {
      join();
      return demoted(master);
    },
  };
}

/** Sentinels wait for eight seconds before they make a replica of a master that they did not expect. */
const demoted = (node: Node): Promise<unknown> =>
  until(async () => !(await isMaster(node)), { within: 40_000, what: 'the old master to follow the new one' });
