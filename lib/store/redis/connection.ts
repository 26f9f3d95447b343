import { Observable, share } from 'rxjs';
import type { Notice } from '../lease-store.js';
import { portOf, type RedisClient } from './client.js';
import type { Emitter, Port } from './port.js';

/** What is known of a client's connection while somebody listens. */
export interface Connection {
  /** Tells of each reconnection. While subscribed, errors of the client do not end the process. */
  readonly notices: Observable<Notice>;
  /** Why there is no connection, as the client said last; undefined once there is one again. */
  readonly lastError: unknown;
}

const connections = new WeakMap<RedisClient, Connection>();

/** The connection of `client`: one listener of each kind on it, however many elections share it. */
export function connectionOf(client: RedisClient): Connection {
  const known = connections.get(client);
  if (known) return known;
  const connection = listen(portOf(client));
  connections.set(client, connection);
  return connection;
}

function listen({ emitter: client, readyEvents }: Port): Connection {
  let lastError: unknown;
  const notices = new Observable<Notice>((subscriber) => {
    const onError = (error: unknown) => {
      lastError = error;
    };
    const onReady = () => {
      lastError = undefined;
      subscriber.next({ kind: 'connected' });
    };
    client.on('error', onError);
    for (const event of readyEvents) client.on(event, onReady);
    client.off(KEPT, nothing);
    return () => {
      client.on(KEPT, nothing);
      client.off('error', onError);
      for (const event of readyEvents) client.off(event, onReady);
      if (!wouldGoDeaf(client)) client.off(KEPT, nothing);
      lastError = undefined;
    };
  }).pipe(share());
  return {
    notices,
    get lastError() {
      return lastError;
    },
  };
}

/** An event that never happens, and what listens to it on a client that has no other listener. */
const KEPT = Symbol('rx-leader.kept');
const nothing = () => {};

/**
 * Whether `client`, without its last listener, would never hear anything again. What node-redis makes has the emitter proper for
 * its prototype and shares that one's table of listeners; left without any, it starts a table of its own, where nobody looks.
 * Listeners added later are not called, and an error ends the process whoever listens.
 */
function wouldGoDeaf(client: Emitter): boolean {
  const shares = !Object.hasOwn(client, '_events');
  return shares && (client as { readonly _eventsCount?: number })._eventsCount === 1;
}
