import { Observable } from 'rxjs';
import type { CommandConnection, MessageListener, SubscriberConnection } from './client-adapter.js';

/** A client of ioredis that has one connection. */
export interface Connectable {
  readonly options?: { readonly sentinels?: unknown };
  readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number; readonly encrypted?: boolean };
  duplicate(overrides: object): Duplicate;
}

/** The methods that are used of a duplicate. */
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

/**
 * Opens a subscriber connection, a duplicate of the original. Completes if there is no original.
 */
export const openIoRedisSubscriber = (original: Original): Observable<SubscriberConnection> =>
  openDuplicate(original, OVERRIDES, subscriberConnection);

/** Opens a command connection, likewise. */
export const openIoRedisCommandConnection = (original: Original): Observable<CommandConnection> =>
  // The socket is silent during a WAIT.
  openDuplicate(original, { ...OVERRIDES, socketTimeout: undefined, blockingTimeout: undefined }, commandConnection);

function openDuplicate<Made>(
  original: Original,
  overrides: object,
  make: (duplicate: Duplicate, drop: () => void) => Made,
): Observable<Made> {
  return new Observable((observer) => {
    const client = original();
    if (!client) return observer.complete();
    const duplicate = client.duplicate({ ...overrides, ...addressOf(client) });
    const lose = () => observer.complete();
    duplicate.on('error', nothing); // `end` follows an error that ends the connection
    duplicate.on('end', lose);
    // It must not keep the process alive.
    duplicate.on('connect', () => duplicate.stream?.unref?.());
    observer.add(() => destroy(duplicate));
    duplicate.connect().then(() => observer.next(make(duplicate, lose)), lose);
  });
}

function subscriberConnection(duplicate: Duplicate, drop: () => void): SubscriberConnection {
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

const commandConnection = (duplicate: Duplicate): CommandConnection => ({
  evalSha: (sha, { keys, arguments: args }) => duplicate.evalsha(sha, keys.length, ...keys, ...args),
  eval: (script, { keys, arguments: args }) => duplicate.eval(script, keys.length, ...keys, ...args),
  wait: (count, timeout) => duplicate.call('WAIT', String(count), String(timeout)),
});

/**
 * The server that a duplicate of a sentinel client connects to: the server of the original, since a
 * sentinel may hang. With TLS the certificate may be for a name, so the duplicate asks the
 * sentinels. It also asks them if the original has no connection.
 */
function addressOf({ options, stream }: Connectable): object {
  if (!options?.sentinels || !stream?.remoteAddress || stream.encrypted) return {};
  return { sentinels: undefined, tls: undefined, host: stream.remoteAddress, port: stream.remotePort };
}

/** The options in which a duplicate differs from its original. */
const OVERRIDES = {
  lazyConnect: true,
  // No reconnection by the client, whose timer could not be cancelled. The library reconnects.
  retryStrategy: null,
  sentinelRetryStrategy: null,
  sentinelCommandTimeout: 1_000, // ms; a connection that waits for a hung sentinel cannot be closed
  reconnectOnError: null,
  failoverDetector: false,
  // The check sends INFO, which may be refused, and repeats it by a timer while a server loads.
  enableReadyCheck: false,
  enableOfflineQueue: true, // the client of a cluster node may have none
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  commandTimeout: undefined,
  disconnectTimeout: 0, // its timer would outlive a closed socket
  monitor: false,
  readOnly: false,
  scripts: undefined,
};

const nothing = () => {};

/** Closes at once in any state. `disconnect` alone waits two seconds for a hung server. */
function destroy(duplicate: Duplicate): void {
  duplicate.disconnect();
  duplicate.stream?.destroy();
}
