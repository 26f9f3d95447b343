import type { ClientAdapter, CommandConnections, Emitter, ScriptOptions } from './client-adapter.js';
import { hasMethods, readiness } from './emitter.js';
import { type Connectable, openIoRedisCommandConnection, openIoRedisSubscriber } from './ioredis-connections.js';
import { slotOf } from './slots.js';

/** What ioredis makes: `Redis`, by sentinels or not, and `Cluster`, v5 or v6. */
export interface IoRedisClient extends Emitter {
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  evalsha(sha: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  /** `ready` where commands are written at once, `end` where there will be no further connection. */
  readonly status: string;
}

/** What only some of them have. */
interface Extras {
  readonly options?: { readonly keyPrefix?: string | Uint8Array };
  /** Of the connection: the database that was selected last. */
  readonly condition?: { readonly select?: number } | null;
  readonly isCluster?: boolean;
  connect?(): Promise<unknown>;
  /** Of a cluster: a client for each node. */
  nodes?(role?: 'master'): Node[];
  /** By slot, the names of the nodes that have it: the master first. */
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
    // ioredis gives nothing back that it has queued.
    while (client.status !== 'ready') {
      if (client.status === 'end') throw new Error('The client is closed');
      if (client.status === 'wait') extras.connect?.().catch(() => {}); // one made with `lazyConnect` connects when it is first used
      await ready(signal);
    }
    signal.throwIfAborted(); // it may have been given up as the client told that it is ready
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
      // A new connection is in the database of the options at first, until it is ready.
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
      commandConnections: wiresOf(client, extras),
    }),
  };
}

/** A cluster's client repeats a call that is refused by TRYAGAIN for longer than a request may take. */
async function askOnce(extras: Extras, sha: string, { keys, arguments: args }: ScriptOptions): Promise<unknown> {
  const master = extras.slots?.[slotOf(keys[0] ?? '')]?.[0];
  const node = extras.nodes?.('master').find(({ options }) => `${options.host}:${options.port}` === master);
  return node?.evalsha(sha, keys.length, ...keys, ...args);
}

function wiresOf(client: IoRedisClient, extras: Extras): CommandConnections {
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

/** Any node of a cluster tells what is published at any other. */
function anyOf(nodes: Connectable[] = []): Connectable | undefined {
  return nodes[Math.floor(Math.random() * nodes.length)];
}
