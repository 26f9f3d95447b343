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

/** What node-redis makes: `createClient`, `createClientPool`, `createCluster` and `createSentinel`, v5 or v6. */
export interface NodeRedisClient extends Emitter {
  eval(script: string, options: ScriptOptions): Promise<unknown>;
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>;
  /** Whether `connect` has been called and `close` or `destroy` has not. */
  readonly isOpen: boolean;
  /** Whether commands are written at once rather than queued for a connection to come. Not every client says. */
  readonly isReady?: boolean;
}

type Caller = Pick<NodeRedisClient, 'eval' | 'evalSha'>;

/** What only some of them have. */
interface Extras {
  withCommandOptions?(options: { abortSignal?: AbortSignal; timeout: undefined }): Caller;
  /** Of v6. */
  readonly _keyPrefix?: string;
  /** Of a cluster. */
  getRandomNode?(): unknown;
  nodeClient?(node: unknown): Connectable | Promise<Connectable>;
  readonly masters?: readonly Master[];
  readonly slots?: ReadonlyArray<{ readonly master: Master } | undefined>;
  destroy?(): void;
  readonly _slots?: { rediscover?(startWith: { readonly options: object }): Promise<unknown> };
  /** Of a pool. */
  execute?(use: (client: Connectable) => Duplicate): Promise<Duplicate>;
  /** Of a sentinel client: how it runs each command, by its connection to the master. There is no public way to that. */
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
    signal.throwIfAborted(); // it may have been given up as the client told that it is ready
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
    database: undefined, // it is kept in a private field
    serves: topology.serves,
    get isReady() {
      // A cluster is ready for good once it knows its nodes: none of them may be reachable.
      return topology.serves === 'one' ? client.isReady : undefined;
    },
    evalSha: (sha, options, signal) => call('evalSha', sha, options, signal),
    eval: (script, options, signal) => call('eval', script, options, signal),
    ...(source && { openSubscriber: () => openNodeRedisSubscriber(source) }),
    ...(commandConnections && { commandConnections }),
  };
}

/**
 * `client` such that a command still waiting for its connection dies with `signal`, if there is one: sent late, it could take effect after its
 * sender has given up. The client's own timeout is switched off, being about the same and less exact.
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
  /** Whether calls are to be kept until its events tell that it is ready. */
  readonly keepsCalls?: boolean;
  /**
   * Whether commands may be taken out of its queue. Up to 6.1 the queue of a connection is spoilt when two that it holds are taken out one after
   * the other: what comes later is never sent, the user's own commands included.
   */
  readonly takesBack?: boolean;
  /** Whether it may have sent a call before that it fails now: by itself it sends again what was under way as a connection was lost. */
  readonly sendsAgain?: boolean;
  /** What is to be done when a call is given up. */
  readonly giveUp?: () => void;
}

/** What `client` is, by its shape, and where it has a single connection's client that can be duplicated. */
function topologyOf(client: NodeRedisClient & Extras): Topology {
  const { getRandomNode, nodeClient, execute, _execute } = client;
  if (getRandomNode && nodeClient) {
    return {
      serves: 'slots',
      readyEvents: ['node-ready', 'connect'], // a node may be ready before it can be asked by way of the cluster
      // Any node tells what is published at any other.
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
      // From 6.2 on, which also takes back; what is older needs help.
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
      commandConnections: wiresBy(source),
    };
  }
  if (isConnectable(client)) {
    const keepsCalls = !client.options.disableOfflineQueue; // without a queue it is for the client to refuse
    const source: Source = (use) => use(client);
    return { serves: 'one', readyEvents: ['ready'], keepsCalls, source, commandConnections: wiresBy(source) };
  }
  if (execute) {
    const source: Source = (use) => execute.call(client, use);
    // A connection of a pool has one command at a time.
    return { serves: 'one', readyEvents: [], takesBack: true, source, commandConnections: wiresBy(source) };
  }
  return { serves: 'slots', readyEvents: ['ready'], keepsCalls: true };
}

const wiresBy = (source: Source): CommandConnections => ({
  serverOf: () => '',
  open: () => openNodeRedisCommandConnection(source),
});

/** ms between two looks at the nodes of a cluster. */
const LOOK_EVERY = 1_000;

const looked = new WeakMap<NodeRedisClient, number>();

/** What a node of a cluster says that is cut off from the others: they may have put another in its place. */
const isDown = (error: unknown): boolean => error instanceof Error && error.message.startsWith('CLUSTERDOWN');

/** What a client says of a command that it does not even put into its queue. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && /^The (queue is full|client is (closed|offline))$/.test(error.message);

/**
 * Has a cluster's client ask who its nodes are. By itself it does so only when a node sends it elsewhere, which one that has died never
 * does, nor one that is cut off: it would go on asking that one for ever. From 6.2 on it sees to the dead itself.
 */
function rediscover(client: NodeRedisClient & Extras): void {
  const { _slots: slots, masters = [] } = client;
  const now = performance.now();
  if (!client.isOpen || now - (looked.get(client) ?? Number.NEGATIVE_INFINITY) < LOOK_EVERY) return;
  looked.set(client, now);
  const { host, port } = masters[Math.floor(Math.random() * masters.length)] ?? {};
  // Where nobody answers there, it asks the nodes that it was made with.
  const looking = slots?.rediscover?.({ options: { socket: { host, port } } });
  if (!looking) return;
  // Closed meanwhile, it connects to whatever it finds all the same, and would keep that for ever.
  const closeAgain = () => {
    if (!client.isOpen && client.masters?.length) client.destroy?.();
  };
  const heed = setInterval(closeAgain, LOOK_EVERY / 10);
  heed.unref();
  looking
    .catch(() => {})
    .then(() => {
      clearInterval(heed);
      closeAgain();
    })
    .catch(() => {});
}

/** Whether `client` has one connection, and can be duplicated into a subscriber. */
export function isConnectable(client: object): client is Connectable {
  const methods = ['duplicate', 'connect', 'destroy', 'unref', 'subscribe', 'unsubscribe'];
  return typeof (client as { options?: unknown }).options === 'object' && hasMethods(client, ...methods);
}
