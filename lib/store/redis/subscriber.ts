import { Observable } from 'rxjs';
import type { RedisClient } from './client.js';

/** A connection that is there to listen, while it lasts. */
export interface Link {
  /**
   * Resolves once what is published on `channel` comes to `hear`; rejects where Redis refuses. It may as well never settle. One who hears at a
   * time: the last.
   */
  subscribe(channel: string, hear: (text: string) => void): Promise<unknown>;
  /** Leaves `channel`: nothing of it is heard any more. Refused, nothing follows from it: whoever listened does so no more. */
  unsubscribe(channel: string): void;
  /** Gives the connection up, as if it had been lost. */
  drop(): void;
}

/** A client that makes subscribers: what node-redis's `createClient` makes, and none that is many connections in one. */
export interface DuplicableClient extends RedisClient {
  readonly options: Options;
  duplicate(overrides: object): Duplicate;
}

interface Options {
  readonly pingInterval?: number;
  readonly socket?: { readonly socketTimeout?: number };
}

/** What is needed of a duplicate. */
interface Duplicate {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  on(event: string, listener: () => void): unknown;
  unref(): void;
  connect(): Promise<unknown>;
  destroy(): void;
  subscribe(channel: string, listener: (message: unknown, channel: unknown) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: unknown, channel: unknown) => void): Promise<unknown>;
}

/** Whether `client` can be duplicated into a subscriber. A pool, cluster or sentinel has no options of one connection, or cannot subscribe. */
export function isDuplicable(client: RedisClient): client is DuplicableClient {
  const typeOf = (name: string) => typeof (client as unknown as Record<string, unknown>)[name];
  const methods = ['duplicate', 'connect', 'destroy', 'unref', 'subscribe', 'unsubscribe'];
  return typeOf('options') === 'object' && methods.every((name) => typeOf(name) === 'function');
}

/**
 * Opens a subscriber: emits its {@link Link} when it can be used, completes when it is gone or could not be had, whatever the reason,
 * and is closed on unsubscription. One attempt: when to make another is for the caller to say.
 */
export function openLink(client: DuplicableClient): Observable<Link> {
  return new Observable((observer) => {
    const duplicate = client.duplicate(overrides(client.options));
    let connected = false;
    const close = () => {
      // While it connects there is no socket yet that it could close, and it would go on to connect all the same.
      if (connected || !duplicate.isOpen) destroy(duplicate);
    };
    const lose = () => observer.complete();
    // For good: an error that nobody listens to ends the process. Not every error ends the connection: a refused PING does not.
    duplicate.on('error', () => duplicate.isReady || lose());
    duplicate.on('end', lose);
    duplicate.on('connect', () => {
      connected = true;
      if (observer.closed) close();
    });
    observer.add(close);
    // To listen is no reason for a process to live on, least of all through a socket that only just connects.
    duplicate.unref();
    duplicate.connect().then(() => observer.next(link(duplicate, lose)), lose);
  });
}

function link(duplicate: Duplicate, drop: () => void): Link {
  const listeners = new Map<string, (text: string) => void>();
  // One listener for all channels, so that a channel which could not be left keeps none of its own.
  const hear = (text: unknown, channel: unknown) => listeners.get(String(channel))?.(String(text));
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
function overrides({ socket = {}, pingInterval = Number.POSITIVE_INFINITY }: Options): object {
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
