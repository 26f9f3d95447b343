import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { MASTER } from '../../proof/processes/clients.js';
import { KNOWS_LOGIN } from '../../proof/processes/leaks.js';
import { type Sentinel, startSentinel } from '../../scripts/support/sentinel.js';
import { type Client, REPLICATES, type RedisServer, redisProgram, startRedis } from '../support/redis.js';
import { startReplica } from '../support/replicated.js';
import { until } from '../support/until.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The servers of one topology. */
export interface Servers extends AsyncDisposable {
  /** Where a client connects first: the server, the sentinels, or some nodes of the cluster. */
  readonly endpoints: readonly Endpoint[];
  readonly nodes: readonly RedisServer[];
  /** Runs a command at the master that has this key. */
  run(...args: string[]): Promise<unknown>;
  /** Runs a command at each node that accepts it: a replica refuses writes. */
  everywhere(...args: string[]): Promise<unknown[]>;
  /**
   * Promotes a replica of the master that has this key, and waits until it is known. Absent without
   * a replica.
   *
   * Sentinels fail over in order, because they accept a returning server only slowly. In a cluster,
   * the master dies.
   * The result resolves to a function that brings the old master back.
   */
  failOver?(key: string): Promise<() => Promise<void>>;
}

/** One server. */
export async function standalone(): Promise<Servers> {
  const server = await startRedis({ args: KNOWS_LOGIN });
  return servers([server], [server], [server]);
}

/** A master and a replica, and three sentinels that watch them. */
export async function sentinels(): Promise<Servers> {
  const master = await startRedis({ args: [...KNOWS_LOGIN, ...REPLICATES] });
  const replica = await startReplica(master, KNOWS_LOGIN);
  const own: Sentinel[] = [];
  while (own.length < 3) own.push(await startSentinel(MASTER, master));
  const nodes = [master, replica];
  const made = servers(nodes, own, [...own, ...nodes]);
  const known = () => Promise.all(own.map((sentinel) => sentinel.knows()));
  await until(async () => (await known()).every((ready) => ready), { within: 15_000, what: 'sentinels to know all' });
  return {
    ...made,
    failOver: async () => {
      const before = await own[0]?.master();
      const others = async () => Promise.all(own.map(async (one) => (await one.master()) !== before));
      const isOver = async () => {
        const [first, ...rest] = await others();
        if (!first) await own[0]?.failOver(); // again, in case the sentinels have given up on one
        return first === true && rest.every(Boolean);
      };
      await until(isOver, { every: 200, within: 30_000, what: 'another master' });
      await linked(made, 1);
      return async () => {};
    },
  };
}

/** Three masters with a replica each. */
export async function cluster(): Promise<Servers> {
  // Nodes always write down what they know of each other.
  const folder = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
  const nodes: RedisServer[] = [];
  while (nodes.length < 6) {
    const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--dir', folder, ...REPLICATES];
    nodes.push(await startRedis({ args: [...KNOWS_LOGIN, ...args, '--cluster-config-file', `${nodes.length}.conf`] }));
  }
  const addresses = nodes.map(({ host, port }) => `${host}:${port}`);
  const options = ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'];
  await promisify(execFile)(redisProgram('redis-cli'), options);
  const gone = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
  const made = servers(nodes, nodes.slice(0, 3), [gone, ...nodes]);
  await agreed(made);
  return {
    ...made,
    failOver: async (key) => {
      const owners = await Promise.all((await roles(made, 'master')).map(async (node) => [node, await has(node, key)]));
      const [dead] = owners.find(([, owns]) => owns) as [Node, boolean];
      const [replica] = (await roles(made, 'slave', dead.server.port)) as [Node];
      const admin = await replica.admin();
      await dead.server.kill();
      const taken = async () => (await admin.info('replication')).includes('role:master');
      await until(taken, { within: 20_000, what: 'the replica to be the master' });
      return async () => {
        await dead.server.start();
        await agreed(made);
      };
    },
  };
}

const has = async ({ admin }: Node, key: string): Promise<boolean> =>
  (await (await admin()).exists(key).catch(() => 0)) === 1;

interface Node {
  readonly server: RedisServer;
  admin(): Promise<Client>;
}

function servers(
  nodes: readonly RedisServer[],
  endpoints: readonly Endpoint[],
  own: readonly AsyncDisposable[],
): Servers & { readonly all: readonly Node[] } {
  const all = nodes.map((server) => {
    let client: Promise<Client> | undefined;
    const admin = () => {
      client ??= server.client({ name: 'admin' });
      return client;
    };
    return { server, admin };
  });
  const refused = (error: Error) => {
    if (/^(MOVED|READONLY)/.test(error.message)) return undefined;
    throw error;
  };
  const everywhere = async (...args: string[]) => {
    const replies = await Promise.all(
      all.map(async ({ admin }) => (await admin()).sendCommand(args).catch(refused) as Promise<unknown>),
    );
    return replies.filter((reply) => reply !== undefined);
  };
  return {
    all,
    nodes,
    endpoints,
    everywhere,
    // The reply of the master, if both it and a replica answer: a cluster's replica redirects the
    // client.
    run: async (...args) => (await everywhere(...args))[0],
    async [Symbol.asyncDispose]() {
      for (const one of [...own].reverse()) await one[Symbol.asyncDispose]();
    },
  };
}

type Made = ReturnType<typeof servers>;

/** The nodes of this role. Of replicas, only those of the master at `port`, if given. */
async function roles({ all }: Made, role: 'master' | 'slave', port?: number): Promise<Node[]> {
  const infos = await Promise.all(all.map(async ({ admin }) => (await admin()).info('replication')));
  const meant = (info: string) => info.includes(`role:${role}`) && (!port || info.includes(`master_port:${port}`));
  return all.filter((_, i) => meant(infos[i] ?? ''));
}

/** Waits until this many replicas have all data of their masters. */
const linked = (made: Made, count: number) =>
  until(
    async () => {
      const infos = (await made.everywhere('INFO', 'replication')).map(String);
      return infos.filter((info) => /master_link_status:up/.test(info)).length === count;
    },
    { within: 15_000, what: `${count} replicas to follow` },
  );

async function agreed(made: Made): Promise<void> {
  const ready = async () => {
    const infos = (await made.everywhere('CLUSTER', 'INFO')).map(String);
    return infos.every((info) => /cluster_state:ok[\s\S]*cluster_known_nodes:6/.test(info));
  };
  await until(ready, { within: 15_000, what: 'the cluster to be ready' });
  await linked(made, 3);
}
