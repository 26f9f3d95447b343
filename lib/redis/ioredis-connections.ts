import { Observable } from 'rxjs';
import type { CommandConnection, MessageListener, SubscriberConnection } from './client-adapter.js';

/** A client of ioredis that has one connection. */
export interface Connectable {
  readonly options?: { readonly sentinels?: unknown };
  readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number; readonly encrypted?: boolean };
  duplicate(overrides: object): Duplicate;
}

/** What is needed of a duplicate. */
interface Duplicate {
  on(event: 'message', listener: (channel: string, text: string) => void): unknown;
  on(event: string, listener: () => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): void;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  evalsha(sha: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  call(command: string, ...args: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  readonly stream?: { unref?(): unknown; destroy(): unknown };
}

/** A client to duplicate, if there is one. */
export type Original = () => Connectable | undefined;

/** Opens a link by a duplicate of `original`'s client; none there, none opened. */
export const openIoRedisSubscriber = (original: Original): Observable<SubscriberConnection> =>
  openDuplicate(original, OVERRIDES, link);

/** Opens a wire in the same way. */
export const openIoRedisCommandConnection = (original: Original): Observable<CommandConnection> =>
  // Silent while it waits, for as long as that takes.
  openDuplicate(original, { ...OVERRIDES, socketTimeout: undefined, blockingTimeout: undefined }, wire);

function openDuplicate<Made>(
  original: Original,
  overrides: object,
  make: (duplicate: Duplicate, drop: () => void) => Made,
): Observable<Made> {
  return new Observable((observer) => {
    const client = original();
    if (!client) return observer.complete();
    const duplicate = client.duplicate({ ...overrides, ...whereabouts(client) });
    const lose = () => observer.complete();
    duplicate.on('error', nothing); // what ends the connection is told by `end`
    duplicate.on('end', lose);
    // It is no reason for a process to live on.
    duplicate.on('connect', () => duplicate.stream?.unref?.());
    observer.add(() => destroy(duplicate));
    duplicate.connect().then(() => observer.next(make(duplicate, lose)), lose);
  });
}

function link(duplicate: Duplicate, drop: () => void): SubscriberConnection {
  const listeners = new Map<string, MessageListener>();
  duplicate.on('message', (channel, text) => listeners.get(channel)?.onMessage(text));
  return {
    drop,
    subscribe: (channel, listener) => {
      listeners.set(channel, listener);
      return duplicate.subscribe(channel);
    },
    unsubscribe: (channel) => {
      listeners.delete(channel);
      duplicate.unsubscribe(channel).catch(nothing);
    },
    ping: () => duplicate.ping(),
  };
}

const wire = (duplicate: Duplicate): CommandConnection => ({
  evalSha: (sha, { keys, arguments: args }) => duplicate.evalsha(sha, keys.length, ...keys, ...args),
  eval: (script, { keys, arguments: args }) => duplicate.eval(script, keys.length, ...keys, ...args),
  wait: (count, timeout) => duplicate.call('WAIT', String(count), String(timeout)),
});

/**
 * Where a duplicate of a client by sentinels is to connect: to where that one is, whichever sentinel hangs. Not so under TLS, where a certificate
 * may be for a name, nor without a connection: then it asks the sentinels itself.
 */
function whereabouts({ options, stream }: Connectable): object {
  if (!options?.sentinels || !stream?.remoteAddress || stream.encrypted) return {};
  return { sentinels: undefined, tls: undefined, host: stream.remoteAddress, port: stream.remotePort };
}

/** Where a duplicate is not to be as the client it is made from. */
const OVERRIDES = {
  lazyConnect: true,
  // It comes back by itself neither here nor there: a timer that waits in there could not be taken back.
  retryStrategy: null,
  sentinelRetryStrategy: null,
  sentinelCommandTimeout: 1_000, // ms; one that hangs would be waited for by a connection that nobody could close
  reconnectOnError: null,
  failoverDetector: false,
  // Asks by INFO, which may be refused, and again by a timer while a server is loading.
  enableReadyCheck: false,
  enableOfflineQueue: true, // for a cluster's nodes, which may have none
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  commandTimeout: undefined,
  disconnectTimeout: 0, // its timer would outlast a socket that has closed before
  monitor: false,
  readOnly: false,
  scripts: undefined,
};

const nothing = () => {};

/** At once, whatever state it is in: `disconnect` by itself gives a hung server two seconds to say goodbye. */
function destroy(duplicate: Duplicate): void {
  duplicate.disconnect();
  duplicate.stream?.destroy();
}
