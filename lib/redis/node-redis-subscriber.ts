import { Observable } from 'rxjs';
import type { MessageListener, ScriptOptions, SubscriberConnection } from './client-adapter.js';

/** A client of node-redis that has one connection. */
export interface Connectable {
  readonly options: Options;
  duplicate(overrides: object): Duplicate;
}

/** Where there is such a client: has it used, now or when it can be had. */
export type Source = (use: (client: Connectable) => Duplicate) => Duplicate | Promise<Duplicate>;

export interface Options {
  readonly disableOfflineQueue?: boolean;
  readonly pingInterval?: number;
  readonly socket?: { readonly socketTimeout?: number };
}

/** What is needed of a duplicate. */
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

/** Opens a link by a duplicate of what `source` has. */
export const openNodeRedisSubscriber = (source: Source): Observable<SubscriberConnection> =>
  openDuplicate(source, overrides, link);

/**
 * Opens a connection by a duplicate of what `source` has, which is as the client but for its `overrides`: emits what is made of it when it
 * can be used, completes when it is gone.
 */
export function openDuplicate<Made>(
  source: Source,
  overrides: (options: Options) => object,
  make: (duplicate: Duplicate, drop: () => void) => Made,
): Observable<Made> {
  return new Observable((observer) => {
    const lose = () => observer.complete();
    const begin = (duplicate: Duplicate) => {
      if (observer.closed) return; // it has never connected
      let connected = false;
      const close = () => {
        // While it connects there is no socket yet that it could close, and it would go on to connect all the same.
        if (connected || !duplicate.isOpen) destroy(duplicate);
      };
      // For good: an error that nobody listens to ends the process. Not every error ends the connection: a refused PING does not.
      duplicate.on('error', () => duplicate.isReady || lose());
      duplicate.on('end', lose);
      duplicate.on('connect', () => {
        connected = true;
        if (observer.closed) close();
      });
      observer.add(close);
      // It is no reason for a process to live on, least of all through a socket that only just connects.
      duplicate.unref();
      duplicate.connect().then(() => observer.next(make(duplicate, lose)), lose);
    };
    const made = source((client) => client.duplicate(overrides(client.options)));
    if ('then' in made) made.then(begin).catch(lose);
    else begin(made);
  });
}

function link(duplicate: Duplicate, drop: () => void): SubscriberConnection {
  const listeners = new Map<string, MessageListener>();
  // One listener for all channels, so that a channel which could not be left keeps none of its own.
  const hear = (text: unknown, channel: unknown) => listeners.get(String(channel))?.onMessage(String(text));
  const inTurn = turns();
  return {
    drop,
    subscribe: (channel, listener) => {
      listeners.set(channel, listener);
      return inTurn(channel, () => duplicate.subscribe(channel, hear));
    },
    unsubscribe: (channel) => {
      listeners.delete(channel);
      const leave = async () => duplicate.isReady && duplicate.unsubscribe(channel, hear);
      inTurn(channel, leave).catch(() => {});
    },
    ping: () => duplicate.sendCommand(['PING']),
  };
}

/**
 * Has things done on each channel one after the other. node-redis (6.3.1) takes a channel for subscribed that it has just been told to
 * leave, where the confirmation of its subscription came in between.
 */
function turns(): (channel: string, act: () => Promise<unknown>) => Promise<unknown> {
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

/** Where a subscriber is not to be as the client it is made from. */
export function overrides({ socket = {}, pingInterval = Number.POSITIVE_INFINITY }: Options) {
  const { socketTimeout } = socket;
  const ping = Math.min(pingInterval, socketTimeout ? Math.ceil(socketTimeout / 2) : pingInterval);
  return {
    // It comes back by itself neither here nor there: a timer that waits in there could not be taken back.
    socket: { ...socket, reconnectStrategy: false },
    // Where a silent connection counts as hung, one that only listens has to ask now and then.
    pingInterval: Number.isFinite(ping) ? ping : undefined,
    // The user's own, for their own commands: an abort signal would end ours, a type mapping garble them.
    commandOptions: {},
    // A cache that is handed over is shared, and emptied when this connection ends. Both also take CLIENT TRACKING, which may be refused.
    clientSideCache: undefined,
    emitInvalidate: false,
    // Moves the connection to another server under the hands of who holds it. Being lost, and made anew, is enough.
    maintNotifications: 'disabled',
  };
}

/** At once, whatever state it is in. `close` would wait for a server that may be hung. */
function destroy(duplicate: Duplicate): void {
  try {
    duplicate.destroy();
  } catch {
    // closed already, which node-redis 5 takes for an error
  }
}
