import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Client, type RedisServer, startRedis } from './redis.js';
import { until } from './until.js';

/** A cluster whose only node has all slots. */
export interface ClusterOfOne extends AsyncDisposable {
  readonly server: RedisServer;
  readonly admin: Client;
  /** Runs CLUSTER. */
  cluster(...args: string[]): Promise<unknown>;
}

export async function startClusterOfOne(...args: string[]): Promise<ClusterOfOne> {
  // A node always writes down what it knows of the others.
  const folder = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
  // A node that has met no other does not know its own address, so it cannot announce it to
  // clients.
  const own = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--dir', folder];
  let server: RedisServer | undefined;
  const end = async () => {
    await server?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    server = await startRedis({ args: [...own, ...args] });
    const admin = await server.client();
    const cluster = (...command: string[]): Promise<unknown> => admin.sendCommand(['CLUSTER', ...command]);
    await cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => `${slot}`));
    await until(async () => String(await cluster('INFO')).includes('cluster_state:ok'), {
      within: 10_000,
      what: 'the cluster to be ready',
    });
    return { server, admin, cluster, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}
