import type { TcpProxy } from '../../scripts/support/proxy.js';
import { type Client, REPLICATES, type RedisServer } from '../../scripts/support/redis.js';
import { freePort } from '../../scripts/support/sentinel.js';
import { until } from '../../scripts/support/until.js';
import type { Testbed } from './testbed.js';

const HOST = '127.0.0.1';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Node {
  readonly server: RedisServer;
  /** A connection that no fault touches. */
  readonly admin: Client;
  /** Where everyone else reaches it. */
  readonly at: Endpoint;
  /**
   * What it passes on to others by, and they to it: nothing where servers reach each other
   * directly.
   */
  readonly proxies: readonly TcpProxy[];
}

/**
 * A network that can separate servers from each other while clients still reach all of them.
 * Servers know each other by proxies, and each dials from its own address, by which the proxies
 * identify it. Linux has these addresses; other systems need them configured.
 */
export class PartitionableNetwork {
  readonly #testbed: Testbed;
  #sources = 0;

  constructor(testbed: Testbed) {
    this.#testbed = testbed;
  }

  /** The address that the next server, or sentinel, is to dial from. */
  nextSource(): string {
    this.#sources += 1;
    return `127.0.0.${this.#sources + 1}`;
  }

  /** Every address given out. */
  get sources(): string[] {
    return Array.from({ length: this.#sources }, (_, index) => `127.0.0.${index + 2}`);
  }

  /** A way to a port that is yet to be known. */
  async openProxy(): Promise<{ proxy: TcpProxy; leadTo(port: number): void }> {
    const target = { host: HOST, port: 0 };
    const proxy = await this.#testbed.proxy(target);
    return { proxy, leadTo: (port) => void Object.assign(target, { port }) };
  }
}

export interface ClusterNode extends Node {
  /** The port by which the others reach it. */
  readonly bus: number;
}

/** A server that may have replicas, or be one. */
export async function replicatedNode(
  testbed: Testbed,
  args: readonly string[],
  network?: PartitionableNetwork,
): Promise<Node> {
  const door = await network?.openProxy();
  const announced = door && ['--replica-announce-ip', HOST, '--replica-announce-port', String(door.proxy.port)];
  const source = network ? ['--bind-source-addr', network.nextSource()] : [];
  const { server, admin } = await testbed.server({ args: [...REPLICATES, ...source, ...(announced ?? []), ...args] });
  door?.leadTo(server.port);
  return { server, admin, at: door?.proxy ?? server, proxies: door ? [door.proxy] : [] };
}

/** A node of a cluster, which does not know the others yet. */
export async function clusterNode(
  testbed: Testbed,
  args: readonly string[],
  network?: PartitionableNetwork,
): Promise<ClusterNode> {
  const [door, busDoor] = [await network?.openProxy(), await network?.openProxy()];
  const port = await freePort();
  const announced = door && [
    ...['--cluster-announce-ip', HOST, '--cluster-announce-port', String(door.proxy.port)],
    ...['--cluster-announce-bus-port', String(busDoor?.proxy.port)],
  ];
  const source = network ? ['--bind-source-addr', network.nextSource()] : [];
  const own = ['--cluster-enabled', 'yes', '--cluster-port', String(port), '--dir', await testbed.folder()];
  const { server, admin } = await testbed.server({
    args: [...REPLICATES, ...own, ...source, ...(announced ?? []), ...args],
  });
  door?.leadTo(server.port);
  busDoor?.leadTo(port);
  const proxies = [door, busDoor].flatMap((one) => one?.proxy ?? []);
  return { server, admin, at: door?.proxy ?? server, proxies, bus: busDoor?.proxy.port ?? port };
}

export const call = ({ admin }: Pick<Node, 'admin'>, ...args: string[]): Promise<unknown> => admin.sendCommand(args);

export const replication = ({ admin }: Node): Promise<string> => admin.info('replication');

/** Waits until a replica has all that its master has. */
export const linked = (node: Node): Promise<unknown> =>
  until(async () => /master_link_status:up/.test(await replication(node)), {
    within: 15_000,
    what: 'a replica to follow',
  });

export const isMaster = async (node: Node): Promise<boolean> => (await replication(node)).includes('role:master');
