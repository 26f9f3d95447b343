import { EMPTY } from 'rxjs';
import {
  type ClientAdapter,
  type CommandConnections,
  type Emitter,
  NotSent,
  type ScriptOptions,
} from './client-adapter.js';
import { hasMethods, readiness } from './emitter.js';
import { openNodeRedisCommandConnection } from './node-redis-command.js';
import { type Connectable, type Duplicate, openNodeRedisSubscriber, type Source } from './node-redis-subscriber.js';
import { slotOf } from './slots.js';

/** A client of node-redis v5 or v6: a client, a pool, a cluster or a sentinel client. */
export interface NodeRedisClient extends Emitter {
  eval(script: string, options: ScriptOptions): Promise<unknown>;
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>;
  /** Whether `connect` has been called and `close` or `destroy` has not. */
  readonly isOpen: boolean;
  /** Whether commands are written at once, not queued. Not every client has it. */
  readonly isReady?: boolean;
}

type Caller = Pick<NodeRedisClient, 'eval' | 'evalSha'>;

/** Members that only some clients have. */
interface Extras {
  withCommandOptions?(options: { abortSignal?: AbortSignal; timeout: undefined }): Caller;
  /** In v6. */
  readonly _keyPrefix?: string;
  /** In a cluster. */
  getRandomNode?(): unknown;
  nodeClient?(node: unknown): Connectable | Promise<Connectable>;
  readonly masters?: readonly Master[];
  readonly slots?: ReadonlyArray<{ readonly master: Master } | undefined>;
  destroy?(): void;
  readonly _slots?: { rediscover?(startWith: { readonly options: object }): Promise<unknown> };
  /** In a pool. */
  execute?(use: (client: Connectable) => Duplicate): Promise<Duplicate>;
  /** In a sentinel client: runs a command on the master. There is no public method for it. */
  getMasterNode?(): unknown;
  _execute?(isReadonly: boolean, use: (client: Connectable) => Duplicate): Promise<Duplicate>;
}

interface Master {
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

export function isNodeRedis(value: object): value is NodeRedisClient {
  return hasMethods(value, 'eval', 'evalSha', 'on', 'off');
}

export function nodeRedisAdapter(client: NodeRedisClient): ClientAdapter {
  const topology = topologyOf(client as NodeRedisClient & Extras);
  const { source, commandConnections, giveUp } = topology;
  const ready = readiness(client);
  const call = async (name: 'eval' | 'evalSha', script: string, options: ScriptOptions, signal: AbortSignal) => {
    if (topology.keepsCalls) while (client.isReady === false && client.isOpen) await ready(signal);
    signal.throwIfAborted(); // the caller may have given up when the client emitted `ready`
    if (giveUp) signal.addEventListener('abort', giveUp);
    try {
      return await caller(client, topology.takesBack ? signal : undefined)[name](script, options);
    } catch (error) {
      if (topology.serves === 'slots' && isDown(error)) rediscover(client);
      throw isRefusal(error) && !topology.sendsAgain ? new NotSent(error) : error;
    }
  };
  return {
    emitter: client,
    readyEvents: topology.readyEvents,
    get prefix() {
      return (client as Extras)._keyPrefix ?? '';
    },
    database: undefined, // a private field of the client
    serves: topology.serves,
    get isReady() {
      // A cluster stays ready once it knows its nodes, even if none is reachable.
      return topology.serves === 'one' ? client.isReady : undefined;
    },
    evalSha: (sha, options, signal) => call('evalSha', sha, options, signal),
    eval: (script, options, signal) => call('eval', script, options, signal),
    ...(source && { openSubscriber: () => openNodeRedisSubscriber(source) }),
    ...(commandConnections && { commandConnections }),
  };
}

/**
 * `client` with options for one call. `signal` removes the command from the client's queue: sent
 * late, it could take effect after the caller has given up. The client's timeout is disabled, since
 * the election has a more exact one.
 */
function caller(client: NodeRedisClient, signal: AbortSignal | undefined): Caller {
  const { withCommandOptions } = client as Extras;
  if (!withCommandOptions) return client;
  return withCommandOptions.call(client, { ...(signal && { abortSignal: signal }), timeout: undefined });
}

interface Topology {
  readonly serves: ClientAdapter['serves'];
  readonly readyEvents: readonly string[];
  readonly source?: Source;
  readonly commandConnections?: CommandConnections;
  /** Whether calls wait outside the client until it is ready. */
  readonly keepsCalls?: boolean;
  /**
   * Whether commands may be removed from the client's queue. Up to 6.1, removing two commands
   * breaks the queue of a connection: later commands, also the user's, are never sent.
   */
  readonly takesBack?: boolean;
  /**
   * Whether the client itself resends commands after a loss. Then a failed call may have been sent.
   */
  readonly sendsAgain?: boolean;
  /** Called when a call is given up. */
  readonly giveUp?: () => void;
}

/** Detects the kind of `client`, and where it has a client that can be duplicated. */
function topologyOf(client: NodeRedisClient & Extras): Topology {
  const { getRandomNode, nodeClient, execute, _execute } = client;
  if (getRandomNode && nodeClient) {
    return {
      serves: 'slots',
      readyEvents: ['node-ready', 'connect'], // a node may be ready before the cluster can use it
      // Each node receives what is published at any other.
      source: async (use) => use(await nodeClient.call(client, getRandomNode.call(client))),
      ...(client.slots && {
        commandConnections: {
          serverOf: (lease) => client.slots?.[slotOf(lease)]?.master.address,
          open: (server) => {
            const master = client.masters?.find(({ address }) => address === server);
            return master
              ? openNodeRedisCommandConnection(async (use) => use(await nodeClient.call(client, master)))
              : EMPTY;
          },
        },
      }),
      // `isReady` exists from 6.2 on, where commands can be removed. Older clients need help.
      ...('isReady' in client ? { takesBack: true } : { giveUp: () => rediscover(client) }),
    };
  }
  if (client.getMasterNode && _execute) {
    const source: Source = (use) => _execute.call(client, false, use);
    return {
      serves: 'one',
      readyEvents: ['ready', 'topology-change'],
      sendsAgain: true,
      source,
      commandConnections: commandConnectionsBy(source),
    };
  }
  if (isConnectable(client)) {
    // Without a queue the client refuses the call.
    const keepsCalls = !client.options.disableOfflineQueue;
    const source: Source = (use) => use(client);
    return {
      serves: 'one',
      readyEvents: ['ready'],
      keepsCalls,
      source,
      commandConnections: commandConnectionsBy(source),
    };
  }
  if (execute) {
    const source: Source = (use) => execute.call(client, use);
    // A connection of a pool has only one command at a time.
    const commandConnections = commandConnectionsBy(source);
    return { serves: 'one', readyEvents: [], takesBack: true, source, commandConnections };
  }
  return { serves: 'slots', readyEvents: ['ready'], keepsCalls: true };
}

const commandConnectionsBy = (source: Source): CommandConnections => ({
  serverOf: () => '',
  open: () => openNodeRedisCommandConnection(source),
});

/** ms between two discoveries of the nodes of a cluster. */
const DISCOVER_EVERY = 1_000;

const discoveredAt = new WeakMap<NodeRedisClient, number>();

/** Whether a cluster node is cut off from the others, which may have replaced it. */
const isDown = (error: unknown): boolean => error instanceof Error && error.message.startsWith('CLUSTERDOWN');

/** Whether the client has refused a command before it queued it. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && /^The (queue is full|client is (closed|offline))$/.test(error.message);

/**
 * Makes a cluster client discover its nodes. By itself it does so only when a node redirects it. A
 * dead or isolated node never does, so the client would use it for ever. From 6.2 on, the client
 * detects dead nodes itself.
 */
function rediscover(client: NodeRedisClient & Extras): void {
  const { _slots: slots, masters = [] } = client;
  const now = performance.now();
  if (!client.isOpen || now - (discoveredAt.get(client) ?? Number.NEGATIVE_INFINITY) < DISCOVER_EVERY) return;
  discoveredAt.set(client, now);
  const { host, port } = masters[Math.floor(Math.random() * masters.length)] ?? {};
  // If that node does not reply, the client uses the nodes that it was made with.
  const discovery = slots?.rediscover?.({ options: { socket: { host, port } } });
  if (!discovery) return;
  // A client that is closed meanwhile connects to the nodes all the same, and never closes them.
  const closeAgain = () => {
    if (!client.isOpen && client.masters?.length) client.destroy?.();
  };
  const closing = setInterval(closeAgain, DISCOVER_EVERY / 10);
  closing.unref();
  discovery
    .catch(() => {})
    .then(() => {
      clearInterval(closing);
      closeAgain();
    })
    .catch(() => {});
}

/** Whether `client` has one connection and can be duplicated. */
export function isConnectable(client: object): client is Connectable {
  const methods = ['duplicate', 'connect', 'destroy', 'unref', 'subscribe', 'unsubscribe'];
  return typeof (client as { options?: unknown }).options === 'object' && hasMethods(client, ...methods);
}
