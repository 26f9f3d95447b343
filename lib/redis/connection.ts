import { Observable, share } from 'rxjs';
import type { Notice } from '../port/lease-store.js';
import { getOrMake } from '../util/lookup.js';
import { adapterOf, type RedisClient } from './client.js';
import type { ClientAdapter } from './client-adapter.js';
import { listenTo } from './emitter.js';

/** What is known of a client's connection while somebody listens. */
export interface Connection {
  /** Tells of each reconnection. While subscribed, errors of the client do not end the process. */
  readonly notices: Observable<Notice>;
  /** Why there is no connection, as the client said last; undefined once there is one again. */
  readonly lastError: unknown;
}

const connections = new WeakMap<RedisClient, Connection>();

/** The connection of `client`: one listener of each kind on it, however many elections share it. */
export const connectionOf = (client: RedisClient): Connection =>
  getOrMake(connections, client, () => listen(adapterOf(client)));

function listen({ emitter: client, readyEvents }: ClientAdapter): Connection {
  let lastError: unknown;
  const notices = new Observable<Notice>((subscriber) => {
    const onError = (error: unknown) => {
      lastError = error;
    };
    const onReady = () => {
      lastError = undefined;
      subscriber.next({ kind: 'connected' });
    };
    const stop = listenTo(client, [['error', onError], ...readyEvents.map((event) => [event, onReady] as const)]);
    return () => {
      stop();
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
