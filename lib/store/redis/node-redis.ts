import { type Connectable, type Duplicate, openNodeRedisLink, type Source } from './node-redis-link.js';
import type { Emitter, Port, ScriptOptions } from './port.js';

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
  withCommandOptions?(options: { abortSignal: AbortSignal; timeout: undefined }): Caller;
  /** Of v6. */
  readonly _keyPrefix?: string;
  /** Of a cluster. */
  getRandomNode?(): unknown;
  nodeClient?(node: unknown): Connectable | Promise<Connectable>;
  readonly masters?: ReadonlyArray<{ readonly host: string; readonly port: number }>;
  readonly _slots?: { rediscover?(startWith: { readonly options: object }): Promise<unknown> };
  /** Of a pool. */
  execute?(use: (client: Connectable) => Duplicate): Promise<Duplicate>;
  /** Of a sentinel client: how it runs each command, by its connection to the master. There is no public way to that. */
  getMasterNode?(): unknown;
  _execute?(isReadonly: boolean, use: (client: Connectable) => Duplicate): Promise<Duplicate>;
}

export function isNodeRedis(value: object): value is NodeRedisClient {
  return hasMethods(value, 'eval', 'evalSha', 'on', 'off');
}

export function nodeRedisPort(client: NodeRedisClient): Port {
  const topology = topologyOf(client as NodeRedisClient & Extras);
  const { source, giveUp } = topology;
  const caller = (signal: AbortSignal) => {
    if (giveUp) signal.addEventListener('abort', giveUp);
    return abortable(client, signal);
  };
  return {
    emitter: client,
    readyEvents: topology.readyEvents,
    prefix: (client as Extras)._keyPrefix ?? '',
    serves: topology.serves,
    get isReady() {
      // A cluster is ready for good once it knows its nodes: none of them may be reachable.
      return topology.serves === 'one' ? client.isReady : undefined;
    },
    evalSha: (sha, options, signal) => caller(signal).evalSha(sha, options),
    eval: (script, options, signal) => caller(signal).eval(script, options),
    ...(source && { openLink: () => openNodeRedisLink(source) }),
  };
}

/**
 * `client` such that a command still waiting for its connection dies with `signal`: sent late, it could take effect after its
 * sender has given up. The client's own timeout is switched off, being about the same and less exact.
 */
function abortable(client: NodeRedisClient, signal: AbortSignal): Caller {
  const { withCommandOptions } = client as Extras;
  return withCommandOptions ? withCommandOptions.call(client, { abortSignal: signal, timeout: undefined }) : client;
}

interface Topology {
  readonly serves: Port['serves'];
  readonly readyEvents: readonly string[];
  readonly source?: Source;
  /** What is to be done when a call is given up. */
  readonly giveUp?: () => void;
}

/** What `client` is, by its shape, and where it has a single connection's client that can be duplicated. */
function topologyOf(client: NodeRedisClient & Extras): Topology {
  const { getRandomNode, nodeClient, execute, _execute } = client;
  if (getRandomNode && nodeClient) {
    return {
      serves: 'slots',
      readyEvents: ['node-ready'],
      // Any node tells what is published at any other.
      source: async (use) => use(await nodeClient.call(client, getRandomNode.call(client))),
      ...(!('isReady' in client) && { giveUp: () => rediscover(client) }), // of v5
    };
  }
  if (client.getMasterNode && _execute) {
    return {
      serves: 'one',
      readyEvents: ['ready', 'topology-change'],
      source: (use) => _execute.call(client, false, use),
    };
  }
  if (isConnectable(client)) return { serves: 'one', readyEvents: ['ready'], source: (use) => use(client) };
  if (execute) return { serves: 'one', readyEvents: [], source: (use) => execute.call(client, use) };
  return { serves: 'slots', readyEvents: ['ready'] };
}

/** ms between two looks at the nodes of a cluster. */
const LOOK_EVERY = 1_000;

const looked = new WeakMap<NodeRedisClient, number>();

/**
 * Has a cluster's client of v5 ask who its nodes are. By itself it does so only when a node sends it elsewhere, which one that has died never
 * does: it would go on asking that one for ever. v6 sees to it itself.
 */
function rediscover(client: NodeRedisClient & Extras): void {
  const { _slots: slots, masters = [] } = client;
  const now = performance.now();
  if (!client.isOpen || now - (looked.get(client) ?? Number.NEGATIVE_INFINITY) < LOOK_EVERY) return;
  looked.set(client, now);
  const { host, port } = masters[Math.floor(Math.random() * masters.length)] ?? {};
  // Where nobody answers there, it asks the nodes that it was made with.
  slots?.rediscover?.({ options: { socket: { host, port } } }).catch(() => {});
}

/** Whether `client` has one connection, and can be duplicated into a subscriber. */
export function isConnectable(client: object): client is Connectable {
  const methods = ['duplicate', 'connect', 'destroy', 'unref', 'subscribe', 'unsubscribe'];
  return typeof (client as { options?: unknown }).options === 'object' && hasMethods(client, ...methods);
}

function hasMethods(value: object, ...names: string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
