import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../scripts/support/until.js';
import type { Reach, Settings } from '../testbed.js';
import { type SentinelOptions, sentinels } from '../topologies.js';
import { type Case, type Client, demoted, LAG, LONG, partitionScenario, roots } from './case.js';

const NODE_REDIS: Client = {
  title: 'node-redis 6 createSentinel',
  by: { library: 'node-redis', topology: 'sentinel' },
};
const IOREDIS: Client = { title: 'ioredis 5 Redis by sentinels', by: { library: 'ioredis', topology: 'sentinel' } };
/** A client that is notified of a new master, as node-redis is by default. */
const TOLD: Client = {
  title: `${IOREDIS.title}, \`failoverDetector\``,
  by: { ...IOREDIS.by, failoverDetector: true },
};
/** If the old master keeps its connections, it matters which clients are notified. */
const TOLD_OR_NOT: readonly Client[] = [NODE_REDIS, IOREDIS, TOLD];

const ONE = { topology: 'sentinel', promises: 'one leader', clients: [NODE_REDIS, IOREDIS] } as const;

const MIN_REPLICAS = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'];

const WITH_REPLICAS = { replicated: { replicas: 1 } } as const;

/** What a row's name says about its options. */
const NAMES = { minReplicas: '; min-replicas', replicas: '; `replicas` 1' } as const;

interface Killing extends Settings {
  /** Whether replicas have heard nothing for longer than a lease, or of no election at all. */
  readonly lag?: 'lags' | 'has nothing';
  readonly leaderToo?: boolean;
}

/**
 * Sentinels may promote both replicas, one after the other, and so cause an overlap. None has been
 * seen yet; look into one that appears.
 */
const killed = (fault: string, { lag, leaderToo, ...terms }: Killing = {}): Case => ({
  ...ONE,
  fault,
  async prepare(testbed, by) {
    const servers = await sentinels(testbed, { network: lag !== undefined });
    if (lag === 'has nothing') servers.lag();
    const reach = { ...roots(servers.urls), ...by };
    await testbed.startCandidates(reach, reach, terms);
    if (lag === 'lags') {
      servers.lag();
      await sleep(LAG);
    }
    return {
      async inject() {
        await servers.master.server.kill();
        if (lag) servers.dropHeld();
        if (leaderToo) await testbed.killLeader();
      },
    };
  },
});

interface Ordering extends Settings {
  /** Options of the leader's client that differ from the others'. */
  readonly leader?: Client['by'];
  readonly args?: readonly string[];
}

/**
 * A manual failover. The old master goes on until it becomes a replica, so there are two masters
 * meanwhile.
 */
const ordered = (more: string, clients: readonly Client[], { leader, args = [], ...terms }: Ordering = {}): Case => ({
  ...ONE,
  fault: `SENTINEL FAILOVER${more}`,
  promises: 'tokens',
  clients,
  async prepare(testbed, by) {
    const { master, sentinels: own, urls } = await sentinels(testbed, { args });
    const reach = { ...roots(urls), ...by };
    await testbed.startCandidates({ ...reach, ...leader }, reach, terms);
    return {
      inject: () => until(() => own[0]?.failOver(), { within: 10_000, what: 'a failover to begin' }),
      heal: () => demoted(master),
    };
  },
});

/** The same, while the leader stays where it is. */
const untold = (more = '', options: Ordering = {}): Case =>
  ordered(`, the leader is not told${more}`, [TOLD], { leader: { failoverDetector: false }, ...options });

interface Splitting extends SentinelOptions, Settings {
  readonly more?: string;
}

/** The leader and the other candidates reach the master; none of the servers does. */
const split = (
  leader: 'asks the sentinels' | 'knows this master only',
  clients: readonly Client[],
  { more = '', replicated, ...options }: Splitting = {},
): Case => ({
  ...ONE,
  fault: `master cut off, its leader ${leader}${more}`,
  promises: 'tokens',
  clients,
  async prepare(testbed, by) {
    const servers = await sentinels(testbed, { network: true, ...options });
    const reach: Reach = { ...roots(servers.urls), ...by };
    const direct: Reach = { url: servers.master.server.url, ...(by.library && { library: by.library }) };
    await testbed.startCandidates(
      leader === 'asks the sentinels' ? reach : direct,
      reach,
      replicated && { replicated },
    );
    return partitionScenario(servers.partition, servers.master);
  },
});

export const SENTINEL: readonly Case[] = [
  killed('kill -9 of the master'),
  killed(`kill -9 of the master${NAMES.replicas}`, WITH_REPLICAS),
  killed('kill -9 of the master, `ttl` 10 s', { ttl: LONG }),
  killed('kill -9 of the master and of the leader', { leaderToo: true }),
  killed('kill -9 of the master, replicas a lease behind', { lag: 'lags' }),
  killed('kill -9 of the master, replicas that know of no election', { lag: 'has nothing' }),
  ordered('', TOLD_OR_NOT),
  ordered(NAMES.replicas, [NODE_REDIS, TOLD], WITH_REPLICAS),
  untold(),
  untold(NAMES.minReplicas, { args: MIN_REPLICAS }),
  untold(NAMES.replicas, WITH_REPLICAS),
  split('asks the sentinels', TOLD_OR_NOT),
  split('knows this master only', [NODE_REDIS, TOLD]),
  split('knows this master only', TOLD_OR_NOT, { more: NAMES.minReplicas, args: MIN_REPLICAS }),
  split('knows this master only', [NODE_REDIS, TOLD], {
    more: `${NAMES.minReplicas}, down-after 5 s`,
    args: MIN_REPLICAS,
    downAfter: 5_000,
  }),
  split('knows this master only', [NODE_REDIS, TOLD], { more: NAMES.replicas, ...WITH_REPLICAS }),
];
