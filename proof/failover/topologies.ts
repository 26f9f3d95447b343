import { type Sentinel, startSentinel } from '../../scripts/support/sentinel.js';
import { until } from '../../scripts/support/until.js';
import { MASTER } from '../processes/clients.js';
import {
  type ClusterNode,
  call,
  clusterNode,
  isMaster,
  linked,
  type Node,
  PartitionableNetwork,
  replicatedNode,
} from './nodes.js';
import type { Testbed } from './testbed.js';

/**
 * ms of silence after which sentinels and cluster nodes consider a node dead, unless a case says
 * otherwise.
 */
export const PATIENCE = { sentinel: 1_000, cluster: 2_000 } as const;

export interface ReplicatedServers {
  readonly master: Node;
  readonly replicas: readonly Node[];
  /** Holds back the master's changes from its replicas, from now on. Needs a network. */
  lag(): void;
  /** What was kept from them never comes. */
  dropHeld(): void;
}

export interface ServerOptions {
  /** Whether servers are to be cut off from each other. */
  readonly network?: boolean;
  /** Arguments of each server. */
  readonly args?: readonly string[];
}

/** A master and so many replicas. */
export function replicated(
  testbed: Testbed,
  count: number,
  { network, args = [] }: ServerOptions = {},
): Promise<ReplicatedServers> {
  return onNetwork(testbed, count, args, network ? new PartitionableNetwork(testbed) : undefined);
}

async function onNetwork(
  testbed: Testbed,
  count: number,
  args: readonly string[],
  network?: PartitionableNetwork,
): Promise<ReplicatedServers> {
  const master = await replicatedNode(testbed, args, network);
  const replicas: Node[] = [];
  const follows = ['--replicaof', master.at.host, String(master.at.port)];
  while (replicas.length < count) replicas.push(await replicatedNode(testbed, [...args, ...follows], network));
  await Promise.all(replicas.map(linked));
  // Of servers only replicas dial the master before there are sentinels.
  const sources = network?.sources ?? [];
  return {
    master,
    replicas,
    lag: () => master.proxies[0]?.part(sources),
    dropHeld: () => master.proxies[0]?.heal({ held: 'drop' }),
  };
}

export interface SentinelServers extends ReplicatedServers {
  readonly sentinels: readonly Sentinel[];
  /** Where clients ask for the master. */
  readonly urls: readonly [string, ...string[]];
  /**
   * Cuts the master off from its replicas and the sentinels, but from no client. The returned
   * function undoes that.
   */
  partition(): () => void;
}

export interface SentinelOptions extends ServerOptions {
  readonly downAfter?: number;
}

/** A master and two replicas, and three sentinels that watch them. */
export async function sentinels(
  testbed: Testbed,
  { network, args = [], downAfter = PATIENCE.sentinel }: SentinelOptions = {},
): Promise<SentinelServers> {
  const net = network ? new PartitionableNetwork(testbed) : undefined;
  const servers = await onNetwork(testbed, 2, args, net);
  const own: Sentinel[] = [];
  while (own.length < 3) {
    const source = net && { source: net.nextSource() };
    const options = { replicas: 2, downAfter, ...source };
    own.push(await testbed.use(() => startSentinel(MASTER, servers.master.at, options)));
  }
  const known = () => Promise.all(own.map((sentinel) => sentinel.knows()));
  await until(async () => (await known()).every(Boolean), { within: 15_000, what: 'sentinels to know all' });
  const urls = own.map(({ host, port }) => `redis://${host}:${port}`) as [string, ...string[]];
  const { master, replicas } = servers;
  return {
    ...servers,
    sentinels: own,
    urls,
    partition: () => {
      const [own = '', ...rest] = net?.sources ?? []; // the master was the first to get one
      return cut(master, replicas, own, rest);
    },
  };
}

/**
 * Cuts `node`, which dials from `own`, off from the others, and from all dialers at `rest`. The
 * returned function undoes that.
 */
function cut(node: Node, others: readonly Node[], own: string, rest: readonly string[]): () => void {
  for (const door of node.proxies) door.part(rest);
  for (const door of others.flatMap(({ proxies }) => proxies)) door.part([own]);
  return () => {
    for (const door of [node, ...others].flatMap(({ proxies }) => proxies)) door.heal();
  };
}

export interface Cluster {
  readonly nodes: readonly Node[];
  readonly urls: readonly [string, ...string[]];
  /** The master of the election's slot, its replica, and another master. */
  readonly owner: Node;
  readonly replica: Node;
  readonly another: Node;
  /** The election's slot. */
  readonly slot: number;
  /** Cuts the owner off from all other nodes, but from no client. What it returns undoes that. */
  partition(): () => void;
}

const SLOTS = 16_384;

/** Three masters with a replica each. */
export async function cluster(testbed: Testbed, { network, args = [] }: ServerOptions = {}): Promise<Cluster> {
  const net = network ? new PartitionableNetwork(testbed) : undefined;
  const timeout = ['--cluster-node-timeout', String(PATIENCE.cluster)];
  const nodes: ClusterNode[] = [];
  while (nodes.length < 6) nodes.push(await clusterNode(testbed, [...timeout, ...args], net));
  const masters = nodes.slice(0, 3);
  const [first] = nodes as [ClusterNode];
  for (const [index, node] of nodes.entries()) await call(node, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  const begins = masters.map((_, index) => Math.floor((index * SLOTS) / masters.length));
  for (const [index, node] of masters.entries()) {
    const last = (begins[index + 1] ?? SLOTS) - 1;
    await call(node, 'CLUSTER', 'ADDSLOTSRANGE', String(begins[index]), String(last));
  }
  for (const { at, bus } of nodes.slice(1)) await call(first, 'CLUSTER', 'MEET', at.host, String(at.port), String(bus));
  await each(nodes, /cluster_known_nodes:6/, 'nodes to know each other');
  const ids = await Promise.all(masters.map((node) => call(node, 'CLUSTER', 'MYID')));
  for (const [index, node] of nodes.slice(3).entries()) {
    await until(() => call(node, 'CLUSTER', 'REPLICATE', String(ids[index])), { what: 'a node to know its master' });
  }
  await each(nodes, /cluster_state:ok/, 'the cluster to be ready');
  await Promise.all(nodes.slice(3).map(linked));
  const slot = Number(await call(first, 'CLUSTER', 'KEYSLOT', testbed.keys.lease));
  const own = begins.filter((begin) => begin <= slot).length - 1;
  const [owner, replica, another] = [own, own + 3, (own + 1) % 3].map((index) => nodes[index]) as [
    ClusterNode,
    ClusterNode,
    ClusterNode,
  ];
  const others = nodes.filter((node) => node !== owner);
  const sources = net?.sources ?? [];
  return {
    nodes,
    urls: masters.map(({ at }) => `redis://${at.host}:${at.port}`) as [string, ...string[]],
    owner,
    replica,
    another,
    slot,
    partition: () =>
      cut(
        owner,
        others,
        sources[own] ?? '',
        sources.filter((_, index) => index !== own),
      ),
  };
}

const each = (nodes: readonly Node[], expected: RegExp, what: string): Promise<unknown> =>
  until(
    async () => {
      const infos = await Promise.all(nodes.map((node) => call(node, 'CLUSTER', 'INFO')));
      return infos.every((info) => expected.test(String(info)));
    },
    { within: 20_000, what },
  );

/** Waits until `node` has taken its master's place. */
export const promoted = (node: Node): Promise<unknown> =>
  until(() => isMaster(node), { within: 20_000, what: 'the replica to be the master' });
