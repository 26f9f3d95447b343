import { Observable, type Subscriber } from 'rxjs';
import type { RenewReply, RenewRequest } from '../port/lease-store.js';
import { revocable } from './client.js';
import { type Keys, keysOf } from './keys.js';
import type { Together } from './reply.js';
import type { RenewArgs, RenewManyArgs } from './scripts.js';

/** Sends renewals. */
export interface Renewer {
  /** Whether several renewals may share a request: the client is connected to one server. */
  readonly isReady: boolean;
  /** Sends one renewal. */
  alone(request: RenewRequest): Observable<RenewReply>;
  /** Sends several that are {@link isAlike alike} in one request. Rejects if none took effect. */
  together(requests: readonly RenewRequest[], signal: AbortSignal): Promise<Together>;
  /** The error of one renewal after `together` rejected; undefined if it has to be sent alone. */
  explain(error: unknown, request: RenewRequest): Error | undefined;
}

/** The most renewals in one request. They block the server for about 5 µs each. */
const BATCH_MAX = 256;

interface Waiting {
  readonly request: RenewRequest;
  readonly subscriber: Subscriber<RenewReply>;
}

/**
 * Batches the renewals of one client. The renewals of one turn of the event loop share a request,
 * each with its own outcome. A renewal takes effect in the batch only if its lease and record are
 * in place. Any other is sent again alone. So a failure of one affects no other, even if a proxy
 * sends elections to different servers.
 */
export function renewals(renewer: Renewer): (request: RenewRequest) => Observable<RenewReply> {
  let groups: Waiting[][] = [];
  const flush = () => {
    const ready = groups;
    groups = [];
    // Without a connection each renewal fails alone, with its own reason.
    const most = renewer.isReady ? BATCH_MAX : 1;
    for (const group of ready) {
      const open = group.filter(({ subscriber }) => !subscriber.closed);
      for (let i = 0; i < open.length; i += most) send(renewer, open.slice(i, i + most));
    }
  };
  return (request) =>
    new Observable((subscriber) => {
      if (!renewer.isReady) return renewer.alone(request).subscribe(subscriber);
      if (groups.length === 0) setImmediate(flush);
      const group = groups.find(([first]) => first && isAlike(first.request, request));
      if (group) group.push({ request, subscriber });
      else groups.push([{ request, subscriber }]);
      return undefined;
    });
}

/** Whether both can share a request, which sends these fields once. */
const isAlike = (one: RenewRequest, other: RenewRequest): boolean =>
  one.ttl === other.ttl && one.run === other.run && one.asksRun === other.asksRun;

function send(renewer: Renewer, batch: readonly Waiting[]): void {
  const alone = ({ request, subscriber }: Waiting) => {
    if (!subscriber.closed) subscriber.add(renewer.alone(request).subscribe(subscriber));
  };
  if (batch.length <= 1) {
    batch.forEach(alone);
    return;
  }
  const requests = batch.map(({ request }) => request);
  const { answer, revoke } = revocable((signal) => renewer.together(requests, signal));
  let open = batch.length;
  // Abort the request only when nobody waits for any of its renewals.
  const leave = () => {
    open -= 1;
    if (open === 0) revoke();
  };
  for (const { subscriber } of batch) subscriber.add(leave);
  answer.then(
    (together) => {
      for (const [i, one] of batch.entries()) {
        if (together.alone.has(i)) alone(one);
        else {
          one.subscriber.next(together.reply);
          one.subscriber.complete();
        }
      }
    },
    (error) => {
      for (const one of batch) {
        const reason = renewer.explain(error, one.request);
        if (reason) one.subscriber.error(reason);
        else alone(one);
      }
    },
  );
}

/**
 * The arguments of one renewal. It asks for the present run if the request does, or if
 * `asksAnyway`. With `inPlace`, a lease that is not there is not restored.
 */
export function renewal(request: RenewRequest, asksAnyway = false, inPlace = false): RenewArgs {
  const { id, ttl, name, data = '', token, notAfter, run = '', asksRun = asksAnyway } = request;
  return { id, ttl, name, data, token, notAfter, run, asksRun, inPlace };
}

interface ManyCall {
  readonly elections: readonly Keys[];
  readonly args: RenewManyArgs;
}

/**
 * The arguments of several renewals that are {@link isAlike alike}. A request that is too late for
 * one is too late for all. Then each is made alone.
 */
export function renewalOfAll(requests: readonly RenewRequest[], asksAnyway: boolean): ManyCall {
  const limits = requests.flatMap(({ notAfter }) => (notAfter === undefined ? [] : [notAfter]));
  const { ttl = 0, run = '', asksRun = asksAnyway } = requests[0] ?? {};
  return {
    elections: requests.map(({ key }) => keysOf(key)),
    args: {
      ttl,
      notAfter: limits.length > 0 ? Math.min(...limits) : undefined,
      run,
      asksRun,
      grants: requests.map(({ id, token }) => `${id} ${token}`),
    },
  };
}
