import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import type { RedisClient } from 'rx-leader';
import type { CandidateOptions } from '../candidate.js';

export interface Connected {
  readonly redis: RedisClient;
  /** Closes its connections, so that they keep no process alive. */
  end(): void;
}

type Reach = Pick<
  CandidateOptions,
  'url' | 'others' | 'topology' | 'library' | 'failoverDetector' | 'username' | 'password'
>;

/** What sentinels call the master. */
export const MASTER = 'mymaster';

const PATIENCE = 50; // ms between two attempts to connect; the defaults grow to two seconds

const socket = { reconnectStrategy: PATIENCE };

/** Connects as a user of that library would. */
export function connect(reach: Reach): Promise<Connected> {
  return reach.library === 'ioredis' ? ioRedis(reach) : nodeRedis(reach);
}

async function nodeRedis(reach: Reach): Promise<Connected> {
  const client = nodeRedisClient(reach);
  client.on('error', () => {});
  await client.connect();
  return {
    redis: client,
    end: () => {
      // A client that is reconnecting (node-redis 6.3.1) still connects, and would keep the process
      // alive.
      client.on('connect', () => client.destroy());
      if (client.isOpen) client.destroy();
    },
  };
}

const loginOf = ({ username, password }: Reach) => ({
  ...(username !== undefined && { username }),
  ...(password !== undefined && { password }),
});

function nodeRedisClient(reach: Reach) {
  const { url, others = [], topology = 'server' } = reach;
  const login = loginOf(reach);
  const roots = [url, ...others];
  const make = {
    server: () => createClient({ url, ...login, socket }),
    pool: () => createClientPool({ url, ...login, socket }),
    cluster: () => createCluster({ rootNodes: roots.map((one) => ({ url: one })), defaults: { ...login, socket } }),
    sentinel: () =>
      createSentinel({ name: MASTER, sentinelRootNodes: roots.map(endpoint), nodeClientOptions: { ...login, socket } }),
  };
  return make[topology]() as ReturnType<typeof createClient>; // as far as it is used here they are alike
}

/** Loaded only where it is asked for: most candidates have the other one. */
async function ioRedis(reach: Reach): Promise<Connected> {
  const { url, others = [], topology = 'server', failoverDetector = false } = reach;
  const login = loginOf(reach);
  const { Cluster, Redis } = await import('./ioredis.js');
  const patient = { lazyConnect: true, retryStrategy: () => PATIENCE };
  const roots = [url, ...others].map(endpoint);
  const make = {
    server: () => new Redis({ ...patient, ...login, ...endpoint(url) }),
    cluster: () => new Cluster(roots, { lazyConnect: true, redisOptions: login }),
    sentinel: () => new Redis({ ...patient, ...login, name: MASTER, sentinels: roots, failoverDetector }),
  };
  if (topology === 'pool') throw new Error('ioredis has no pool');
  const client = make[topology]();
  client.on('error', () => {});
  await client.connect();
  return { redis: client, end: () => client.disconnect() };
}

function endpoint(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
