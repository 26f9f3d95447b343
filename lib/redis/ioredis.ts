import type { ClientAdapter, CommandConnections, Emitter, ScriptOptions } from './client-adapter.js';
import { hasMethods, readiness } from './emitter.js';
import { type Connectable, openIoRedisCommandConnection, openIoRedisSubscriber } from './ioredis-connections.js';
import { slotOf } from './slots.js';

/** A client of ioredis v5 or v6: `Redis`, with sentinels or without, or `Cluster`. */
export interface IoRedisClient extends Emitter {
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  evalsha(sha: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  /** `ready`: commands are written at once. `end`: there will be no further connection. */
  readonly status: string;
}

/** Members that only some clients have. */
interface Extras {
  readonly options?: { readonly keyPrefix?: string | Uint8Array };
  /** The database that the connection selected last. */
  readonly condition?: { readonly select?: number } | null;
  readonly isCluster?: boolean;
  connect?(): Promise<unknown>;
  /** In a cluster: a client for each node. */
  nodes?(role?: 'master'): Node[];
  /** The names of the nodes of each slot, the master first. */
  readonly slots?: ReadonlyArray<readonly string[] | undefined>;
}

type Node = Connectable &
  Pick<IoRedisClient, 'evalsha'> & { readonly options: { readonly host?: string; readonly port?: number } };

export function isIoRedis(value: object): value is IoRedisClient {
  return (
    typeof (value as { status?: unknown }).status === 'string' && hasMethods(value, 'eval', 'evalsha', 'on', 'off')
  );
}

export function ioRedisAdapter(client: IoRedisClient): ClientAdapter {
  const extras: Extras = client as IoRedisClient & Extras;
  const ready = readiness(client);
  const call = async (name: 'eval' | 'evalsha', script: string, options: ScriptOptions, signal: AbortSignal) => {
    // A command in the queue of ioredis cannot be taken back.
    while (client.status !== 'ready') {
      if (client.status === 'end') throw new Error('The client is closed');
      // A client with `lazyConnect` connects when it is first used.
      if (client.status === 'wait') extras.connect?.().catch(() => {});
      await ready(signal);
    }
    signal.throwIfAborted(); // the caller may have given up when the client emitted `ready`
    return client[name](script, options.keys.length, ...options.keys, ...options.arguments);
  };
  const original = extras.isCluster ? () => anyOf(extras.nodes?.()) : () => client as unknown as Connectable;
  return {
    emitter: client,
    readyEvents: extras.isCluster ? ['ready', '+node'] : ['ready'],
    get prefix() {
      return String(extras.options?.keyPrefix ?? '');
    },
    get database() {
      // Until it is ready, a new connection is in the database of the options.
      return client.status === 'ready' && extras.condition ? String(extras.condition.select ?? 0) : undefined;
    },
    serves: extras.isCluster ? 'slots' : 'one',
    get isReady() {
      return client.status === 'ready';
    },
    evalSha: (sha, options, signal) => call('evalsha', sha, options, signal),
    eval: (script, options, signal) => call('eval', script, options, signal),
    ...(extras.isCluster && { evalShaOnce: (sha, options) => askOnce(extras, sha, options) }),
    ...('duplicate' in client && {
      openSubscriber: () => openIoRedisSubscriber(original),
      commandConnections: commandConnectionsOf(client, extras),
    }),
  };
}

/** A cluster client retries after TRYAGAIN for longer than a request may take. */
async function askOnce(extras: Extras, sha: string, { keys, arguments: args }: ScriptOptions): Promise<unknown> {
  const master = extras.slots?.[slotOf(keys[0] ?? '')]?.[0];
  const node = extras.nodes?.('master').find(({ options }) => `${options.host}:${options.port}` === master);
  return node?.evalsha(sha, keys.length, ...keys, ...args);
}

function commandConnectionsOf(client: IoRedisClient, extras: Extras): CommandConnections {
  if (!extras.isCluster) {
    return { serverOf: () => '', open: () => openIoRedisCommandConnection(() => client as unknown as Connectable) };
  }
  const isNamed = (name: string, { host, port }: Node['options']) => name === `${host}:${port}`;
  return {
    serverOf: (lease) => extras.slots?.[slotOf(lease)]?.[0],
    open: (server) =>
      openIoRedisCommandConnection(() => extras.nodes?.('master').find(({ options }) => isNamed(server, options))),
  };
}

/** A random node. Each node of a cluster receives what is published at any other. */
function anyOf(nodes: Connectable[] = []): Connectable | undefined {
  return nodes[Math.floor(Math.random() * nodes.length)];
}
