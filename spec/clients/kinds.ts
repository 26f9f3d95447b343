import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis6';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import {
  createClient as createClient5,
  createClientPool as createClientPool5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from 'redis5';
import type { RedisClient } from 'rx-leader';
import { MASTER } from '../../proof/processes/clients.js';
import { LOGIN } from '../../proof/processes/leaks.js';
import { cluster, type Endpoint, type Servers, sentinels, standalone } from './servers.js';

export type Login = typeof LOGIN;

/** A connected client, created as a user would. */
export interface Made {
  readonly redis: RedisClient;
  close(): unknown;
}

/** One type of client for one topology. */
export interface Kind {
  readonly client: string;
  readonly topology: keyof typeof TOPOLOGIES;
  /** Connects with `login` instead of the servers' own, if given. */
  make(endpoints: readonly Endpoint[], login?: Login): Promise<Made>;
}

export const TOPOLOGIES = { standalone, cluster, sentinel: sentinels } satisfies Record<string, () => Promise<Servers>>;

/**
 * The cast 2 as 3 restricts the compiler to one version's types here. The type specs check both.
 */
const TWO = 2 as 3;

/**
 * A pool that closes during a connection attempt (node-redis 5 and 6.3.1) leaves its clean-up timer
 * behind, by default for three seconds.
 */
const BRIEF = { cleanupDelay: 100 };

const socket = { reconnectStrategy: 50 }; // the defaults wait up to two seconds
const nothing = () => {};
const first = (endpoints: readonly Endpoint[]): Endpoint => endpoints[0] as Endpoint;

/** Waits for the connection, unless the login cannot succeed. */
async function connected(client: { connect(): Promise<unknown> }, login: Login): Promise<void> {
  const connecting = client.connect();
  if (login === LOGIN) await connecting;
  else connecting.catch(nothing);
}

/** A connected client of node-redis. */
async function nodeRedis<
  Client extends { on(event: 'error', listener: () => void): unknown; connect(): Promise<unknown>; destroy(): unknown },
>(client: Client & RedisClient, login: Login): Promise<Made> {
  client.on('error', nothing);
  await connected(client, login);
  return { redis: client, close: () => client.destroy() };
}

/**
 * A connected pool. If destroyed during a connection attempt, one of v5 throws later in a timer.
 */
async function closed<Pool extends { close(): Promise<unknown> } & Parameters<typeof nodeRedis>[0]>(
  pool: Pool,
  login: Login,
): Promise<Made> {
  return { ...(await nodeRedis(pool, login)), close: () => pool.close() };
}

/** A connected client of ioredis, without an `error` listener, which must not be necessary. */
async function ioRedis(
  client: RedisClient & { connect(): Promise<unknown>; disconnect(): void },
  login: Login,
): Promise<Made> {
  await connected(client, login);
  return { redis: client, close: () => client.disconnect() };
}

const url = (endpoints: readonly Endpoint[]) => `redis://${first(endpoints).host}:${first(endpoints).port}`;
const roots = (endpoints: readonly Endpoint[]) =>
  endpoints.map(({ host, port }) => ({ url: `redis://${host}:${port}` }));
const nodes = (endpoints: readonly Endpoint[]) => endpoints.map(({ host, port }) => ({ host, port }));
const patient = { lazyConnect: true, retryStrategy: () => 50 };

export const KINDS: readonly Kind[] = [
  {
    client: 'node-redis 6 createClient, RESP3',
    topology: 'standalone',
    make: (at, login = LOGIN) => nodeRedis(createClient({ url: url(at), ...login, socket }), login),
  },
  {
    client: 'node-redis 6 createClient, RESP2',
    topology: 'standalone',
    make: (at, login = LOGIN) => nodeRedis(createClient({ url: url(at), ...login, socket, RESP: TWO }), login),
  },
  {
    client: 'node-redis 5 createClient, RESP2',
    topology: 'standalone',
    make: (at, login = LOGIN) => nodeRedis(createClient5({ url: url(at), ...login, socket }), login),
  },
  {
    client: 'node-redis 5 createClient, RESP3',
    topology: 'standalone',
    make: (at, login = LOGIN) => nodeRedis(createClient5({ url: url(at), ...login, socket, RESP: 3 }), login),
  },
  {
    client: 'node-redis 6 createClientPool',
    topology: 'standalone',
    make: (at, login = LOGIN) => closed(createClientPool({ url: url(at), ...login, socket }, BRIEF), login),
  },
  {
    client: 'node-redis 5 createClientPool',
    topology: 'standalone',
    make: (at, login = LOGIN) => closed(createClientPool5({ url: url(at), ...login, socket }, BRIEF), login),
  },
  {
    client: 'ioredis 5 Redis',
    topology: 'standalone',
    make: (at, login = LOGIN) => ioRedis(new Redis({ ...first(nodes(at)), ...patient, ...login }), login),
  },
  {
    client: 'ioredis 6 Redis',
    topology: 'standalone',
    make: (at, login = LOGIN) => ioRedis(new Redis6({ ...first(nodes(at)), ...patient, ...login }), login),
  },
  {
    client: 'node-redis 6 createCluster, RESP3',
    topology: 'cluster',
    make: (at, login = LOGIN) =>
      nodeRedis(createCluster({ rootNodes: roots(at), defaults: { ...login, socket } }), login),
  },
  {
    client: 'node-redis 6 createCluster, RESP2',
    topology: 'cluster',
    make: (at, login = LOGIN) =>
      nodeRedis(createCluster({ rootNodes: roots(at), defaults: { ...login, socket }, RESP: TWO }), login),
  },
  {
    client: 'node-redis 5 createCluster',
    topology: 'cluster',
    make: (at, login = LOGIN) =>
      nodeRedis(createCluster5({ rootNodes: roots(at), defaults: { ...login, socket } }), login),
  },
  {
    client: 'ioredis 5 Cluster',
    topology: 'cluster',
    make: (at, login = LOGIN) => ioRedis(new Cluster(nodes(at), { lazyConnect: true, redisOptions: login }), login),
  },
  {
    client: 'ioredis 6 Cluster',
    topology: 'cluster',
    make: (at, login = LOGIN) => ioRedis(new Cluster6(nodes(at), { lazyConnect: true, redisOptions: login }), login),
  },
  {
    client: 'node-redis 6 createSentinel',
    topology: 'sentinel',
    make: (at, login = LOGIN) =>
      nodeRedis(
        createSentinel({ name: MASTER, sentinelRootNodes: nodes(at), nodeClientOptions: { ...login, socket } }),
        login,
      ),
  },
  {
    client: 'node-redis 5 createSentinel',
    topology: 'sentinel',
    make: (at, login = LOGIN) =>
      nodeRedis(
        createSentinel5({ name: MASTER, sentinelRootNodes: nodes(at), nodeClientOptions: { ...login, socket } }),
        login,
      ),
  },
  {
    client: 'ioredis 5 Redis by sentinels',
    topology: 'sentinel',
    make: (at, login = LOGIN) =>
      ioRedis(new Redis({ name: MASTER, sentinels: nodes(at), ...patient, ...login }), login),
  },
  {
    client: 'ioredis 6 Redis by sentinels',
    topology: 'sentinel',
    make: (at, login = LOGIN) =>
      ioRedis(new Redis6({ name: MASTER, sentinels: nodes(at), ...patient, ...login }), login),
  },
];

/**
 * The kinds of one topology, and of one major version if given. Slow ones are split over several
 * files, which run in parallel.
 */
export const kindsOf = (topology: Kind['topology'], version?: 5 | 6): Kind[] =>
  KINDS.filter((kind) => kind.topology === topology && (version === undefined || kind.client.includes(` ${version} `)));
