import { Observable } from 'rxjs';
import type { MessageListener, ScriptOptions, SubscriberConnection } from './client-adapter.js';

/** A client of node-redis that has one connection. */
export interface Connectable {
  readonly options: Options;
  duplicate(overrides: object): Duplicate;
}

/** Calls `use` with such a client, now or once there is one. */
export type Source = (use: (client: Connectable) => Duplicate) => Duplicate | Promise<Duplicate>;

export interface Options {
  readonly disableOfflineQueue?: boolean;
  readonly pingInterval?: number;
  readonly socket?: { readonly socketTimeout?: number };
}

/** The methods that are used of a duplicate. */
export interface Duplicate {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  on(event: string, listener: () => void): unknown;
  unref(): void;
  connect(): Promise<unknown>;
  destroy(): void;
  subscribe(channel: string, listener: (message: unknown, channel: unknown) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: unknown, channel: unknown) => void): Promise<unknown>;
  eval(script: string, options: ScriptOptions): Promise<unknown>;
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
}

/** Opens a subscriber connection, a duplicate of the client of `source`. */
export const openNodeRedisSubscriber = (source: Source): Observable<SubscriberConnection> =>
  openDuplicate(source, overrides, subscriberConnection);

/**
 * Duplicates the client of `source` with `overrides` and connects. Emits the result of `make` once
 * it is connected. Completes when the connection is lost.
 */
export function openDuplicate<Made>(
  source: Source,
  overrides: (options: Options) => object,
  make: (duplicate: Duplicate, drop: () => void) => Made,
): Observable<Made> {
  return new Observable((observer) => {
    const lose = () => observer.complete();
    const begin = (duplicate: Duplicate) => {
      if (observer.closed) return; // it was never connected
      let connected = false;
      const close = () => {
        // While it connects, it has no socket to close, and would go on to connect.
        if (connected || !duplicate.isOpen) destroy(duplicate);
      };
      // Never removed: an error without a listener ends the process. Not every error ends the
      // connection. A refused PING does not.
      duplicate.on('error', () => duplicate.isReady || lose());
      duplicate.on('end', lose);
      duplicate.on('connect', () => {
        connected = true;
        if (observer.closed) close();
      });
      observer.add(close);
      // It must not keep the process alive, least of all while it connects.
      duplicate.unref();
      duplicate.connect().then(() => observer.next(make(duplicate, lose)), lose);
    };
    const made = source((client) => client.duplicate(overrides(client.options)));
    if ('then' in made) made.then(begin).catch(lose);
    else begin(made);
  });
}

function subscriberConnection(duplicate: Duplicate, drop: () => void): SubscriberConnection {
  const listeners = new Map<string, MessageListener>();
  // One listener for all channels, so that a failed unsubscription keeps none of its own.
  const onMessage = (text: unknown, channel: unknown) => listeners.get(String(channel))?.onMessage(String(text));
  const inSequence = sequences();
  return {
    drop,
    subscribe: (channel, listener) => {
      listeners.set(channel, listener);
      return inSequence(channel, () => duplicate.subscribe(channel, onMessage));
    },
    unsubscribe: (channel) => {
      listeners.delete(channel);
      const leave = async () => duplicate.isReady && duplicate.unsubscribe(channel, onMessage);
      inSequence(channel, leave).catch(() => {});
    },
    ping: () => duplicate.sendCommand(['PING']),
  };
}

/**
 * Runs the actions on one channel in sequence. If the confirmation of a subscription arrives after
 * the call of `unsubscribe`, node-redis (6.3.1) wrongly counts the channel as subscribed.
 */
function sequences(): (channel: string, act: () => Promise<unknown>) => Promise<unknown> {
  const last = new Map<string, Promise<void>>();
  return (channel, act) => {
    const done = (last.get(channel) ?? Promise.resolve()).then(act);
    const settled = done
      .catch(() => {})
      .then(() => {
        if (last.get(channel) === settled) last.delete(channel);
      });
    last.set(channel, settled);
    return done;
  };
}

/** The options in which a subscriber differs from its original. */
export function overrides({ socket = {}, pingInterval = Number.POSITIVE_INFINITY }: Options) {
  const { socketTimeout } = socket;
  const ping = Math.min(pingInterval, socketTimeout ? Math.ceil(socketTimeout / 2) : pingInterval);
  return {
    // No reconnection by the client, whose timer could not be cancelled. The library reconnects.
    socket: { ...socket, reconnectStrategy: false },
    // If silence counts as a hang, a connection that only receives has to send pings.
    pingInterval: Number.isFinite(ping) ? ping : undefined,
    // The user's options are for the user's commands. An abort signal would end ours, and a type
    // mapping would change our replies.
    commandOptions: {},
    // A cache would be shared, and emptied when this connection ends. Both options send
    // CLIENT TRACKING, which may be refused.
    clientSideCache: undefined,
    emitInvalidate: false,
    // These would move an open connection to another server. The library reconnects instead.
    maintNotifications: 'disabled',
  };
}

/** Closes at once in any state. `close` would wait for a hung server. */
function destroy(duplicate: Duplicate): void {
  try {
    duplicate.destroy();
  } catch {
    // node-redis 5 throws if it is closed already
  }
}
