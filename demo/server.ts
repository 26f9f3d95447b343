import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { keysOf } from '../lib/redis/keys.js';
import type { ProxyTarget } from '../scripts/support/proxy.js';
import { type RedisServer, startRedis } from '../scripts/support/redis.js';

/** The Redis of a run. */
export interface Server extends AsyncDisposable {
  /** The label for people, without a password. */
  readonly label: string;
  readonly key: string;
  readonly target: ProxyTarget;
  /** The URL by which to reach the server through a proxy on this port. */
  through(port: number): string;
  /** The name on a TLS server's certificate. */
  readonly servername?: string;
  /** The process, if the demo owns it and may kill it. */
  readonly own?: RedisServer;
}

/** The demo's own Redis, which ends with it. */
export async function ownServer(): Promise<Server> {
  const redis = await startRedis();
  return {
    label: `own Redis, port ${redis.port}`,
    key: 'rx-leader demo',
    target: redis,
    through: (port) => `redis://127.0.0.1:${port}`,
    own: redis,
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

/** The user's Redis. The demo writes only one lease and its record there, under a unique key. */
export async function usersServer(text: string): Promise<Server> {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'rediss:';
  const label = `${url.protocol}//${url.host}`;
  const key = `rx-leader demo ${randomBytes(8).toString('hex')}`;
  await withClient(text, (client) => client.ping()).catch((error) => {
    throw new Error(`cannot use ${label}: ${reasonOf(error)}`);
  });
  return {
    label,
    key,
    target: { host, port: Number(url.port) || 6379 },
    through: (port) => {
      const near = new URL(url);
      near.hostname = '127.0.0.1';
      near.port = String(port);
      return near.href;
    },
    ...(secure && { servername: host }),
    async [Symbol.asyncDispose]() {
      await sleep(100); // a killed candidate's last request may still be in flight
      const { lease, record, candidates } = keysOf(key);
      const keys = [lease, record, candidates];
      await withClient(text, (client) => client.del(keys)).catch((error) => {
        throw new Error(`could not remove ${keys.join(', ')} from ${label}: ${reasonOf(error)}`);
      });
    },
  };
}

type Client = ReturnType<typeof createClient>;

async function withClient(url: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client: Client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 3_000 } });
  client.on('error', () => {}); // each call reports its own errors
  try {
    await client.connect();
    await use(client);
  } finally {
    if (client.isOpen) client.destroy();
  }
}

/**
 * A connection attempt to several addresses fails with an error for each, and no message of its
 * own.
 */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
