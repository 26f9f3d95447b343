import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  endWith,
  exhaustMap,
  ignoreElements,
  interval,
  type MonoTypeOperatorFunction,
  merge,
  NEVER,
  type Observable,
  of,
  race,
  repeat,
  switchMap,
  take,
  tap,
  timeout,
  timer,
} from 'rxjs';
import type { ClientAdapter, SubscriberConnection } from './client-adapter.js';
import { ReconnectBackoff } from './reconnect-backoff.js';

/**
 * ms for the server to accept a connection, a subscription or a ping. node-redis waits for ever.
 */
const REPLY_TIMEOUT = 5_000;
/** ms between two pings. They are rare, since all candidates send them. */
const PING_EVERY = 30_000;

/**
 * Emits each subscriber connection, and `undefined` when it is lost. Reconnects until
 * unsubscription. `reconnections` belong to the client.
 */
export function subscriberConnectionsOf(
  open: NonNullable<ClientAdapter['openSubscriber']>,
  serves: ClientAdapter['serves'],
  reconnections: Observable<unknown>,
): Observable<SubscriberConnection | undefined> {
  const backoff = new ReconnectBackoff();
  // The client and the subscriber lose the server together. When the client is back, retry sooner.
  const due = defer(() =>
    race(timer(backoff.wait), reconnections.pipe(switchMap(() => timer(backoff.leastWait)))).pipe(take(1)),
  );
  const attempt = defer(() => {
    backoff.begin();
    return open().pipe(
      timeout({ first: REPLY_TIMEOUT, with: () => EMPTY }),
      catchError(() => EMPTY), // the client's `duplicate` has failed
      tap({ next: () => backoff.succeed(), complete: () => backoff.fail() }),
    );
  });
  return due.pipe(
    concatMap(() => attempt),
    endWith(undefined),
    repeat(),
    switchMap((connection) =>
      connection ? merge(of(connection), monitor(connection, serves, reconnections)) : of(connection),
    ),
  );
}

/**
 * Pings `connection` and drops it if it hangs, since it would seem to receive notices. After a
 * reconnection the client may use another server. Then a connection older than a ping is dropped at
 * once, except in a cluster, where each server receives all messages.
 */
function monitor(
  connection: SubscriberConnection,
  serves: ClientAdapter['serves'],
  reconnections: Observable<unknown>,
): Observable<never> {
  const openedAt = performance.now();
  const mayBeStale = () => serves === 'one' && performance.now() - openedAt >= PING_EVERY;
  const ping = defer(() => connection.ping()).pipe(
    catchError(() => EMPTY), // a refusal is a reply, too
    orDrop(connection),
  );
  return merge(interval(PING_EVERY), reconnections.pipe(tap(() => mayBeStale() && connection.drop()))).pipe(
    exhaustMap(() => ping),
    ignoreElements(),
  );
}

/** Drops `connection` if a reply does not arrive in time. */
export function orDrop<Answer>(connection: SubscriberConnection): MonoTypeOperatorFunction<Answer> {
  const drop = () => {
    connection.drop();
    return NEVER;
  };
  return timeout({ first: REPLY_TIMEOUT, with: drop });
}
