import { Observable, share } from 'rxjs';
import type { Notice } from '../port/lease-store.js';
import { getOrMake } from '../util/lookup.js';
import { adapterOf, type RedisClient } from './client.js';
import type { ClientAdapter } from './client-adapter.js';
import { listenTo } from './emitter.js';

/** The state of a client's connection while somebody subscribes. */
export interface Connection {
  /** Emits each reconnection. While subscribed, errors of the client do not end the process. */
  readonly notices: Observable<Notice>;
  /** The client's last error; undefined once it is connected again. */
  readonly lastError: unknown;
}

const connections = new WeakMap<RedisClient, Connection>();

/** The connection of `client`, with one listener of each kind, shared by all its elections. */
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
