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

/** ms that the server may take: to make a connection usable, to confirm a subscription, to say that it is there. node-redis would wait for ever. */
const PATIENCE = 5_000;
/** ms between two looks whether it is there: seldom, since what all who stand by ask of it adds up. */
const LOOK_EVERY = 30_000;

/**
 * A link by a client, and `undefined` when it is lost: made for the first who asks, gone with the last. `reconnections` are those of the client,
 * and `serves` what is behind it.
 */
export function subscriberConnectionsOf(
  openLink: NonNullable<ClientAdapter['openSubscriber']>,
  serves: ClientAdapter['serves'],
  reconnections: Observable<unknown>,
): Observable<SubscriberConnection | undefined> {
  const pace = new ReconnectBackoff();
  // What keeps the client from its server keeps the subscriber too; and so when it is over for one, it may be for the other.
  const due = defer(() =>
    race(timer(pace.wait), reconnections.pipe(switchMap(() => timer(pace.leastWait)))).pipe(take(1)),
  );
  const attempt = defer(() => {
    pace.begin();
    return openLink().pipe(
      timeout({ first: PATIENCE, with: () => EMPTY }),
      catchError(() => EMPTY), // a client whose `duplicate` fails
      tap({ next: () => pace.succeed(), complete: () => pace.fail() }),
    );
  });
  return due.pipe(
    concatMap(() => attempt),
    endWith(undefined),
    repeat(),
    switchMap((link) => (link ? merge(of(link), watch(link, serves, reconnections)) : of(link))),
  );
}

/**
 * Asks now and then whether `link` is still there, and drops it where it hangs: it tells nothing then, and would count as one that does. With a new
 * connection the client may have come to another server: then one that is older than a look is dropped at once, unless several serve, of which one
 * is as good as another.
 */
function watch(
  link: SubscriberConnection,
  serves: ClientAdapter['serves'],
  reconnections: Observable<unknown>,
): Observable<never> {
  const madeAt = performance.now();
  const mayBeLeft = () => serves === 'one' && performance.now() - madeAt >= LOOK_EVERY;
  const ask = defer(() => link.ping()).pipe(
    catchError(() => EMPTY), // refused is answered, too
    orDrop(link),
  );
  return merge(interval(LOOK_EVERY), reconnections.pipe(tap(() => mayBeLeft() && link.drop()))).pipe(
    exhaustMap(() => ask),
    ignoreElements(),
  );
}

/** Drops `link` where an answer by it is not there in time. */
export function orDrop<Answer>(link: SubscriberConnection): MonoTypeOperatorFunction<Answer> {
  const drop = () => {
    link.drop();
    return NEVER;
  };
  return timeout({ first: PATIENCE, with: drop });
}
