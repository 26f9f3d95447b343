import { Observable, type Subscriber } from 'rxjs';
import type { RenewReply, RenewRequest } from '../port/lease-store.js';
import { revocable } from './client.js';
import { type Keys, keysOf } from './keys.js';
import type { Together } from './reply.js';
import type { RenewArgs, RenewManyArgs } from './scripts.js';

/** What renewals are made by. */
export interface Renewer {
  /** Whether several may go at once: there is a connection, and one server behind it. */
  readonly isReady: boolean;
  /** One renewal by itself. */
  alone(request: RenewRequest): Observable<RenewReply>;
  /** Several that are {@link isAlike alike}, in one request. Rejects where none of them was made. */
  together(requests: readonly RenewRequest[], signal: AbortSignal): Promise<Together>;
  /** What an error of `together` comes to for one of them; undefined where it is to be made alone. */
  explain(error: unknown, request: RenewRequest): Error | undefined;
}

/** Renewals in one request: a server does nothing else meanwhile, about 5 µs for each. */
const MOST = 256;

interface Waiting {
  readonly request: RenewRequest;
  readonly subscriber: Subscriber<RenewReply>;
}

/**
 * Renewals through one client: those asked for in one turn of the event loop go in one request, each with its own outcome. Made together are
 * only those that find their lease and its record in place; any other is made again, alone. So it does not matter that a proxy might send
 * elections to different servers, and what goes wrong with one touches no other.
 */
export function renewals(renewer: Renewer): (request: RenewRequest) => Observable<RenewReply> {
  let groups: Waiting[][] = [];
  const flush = () => {
    const ready = groups;
    groups = [];
    const most = renewer.isReady ? MOST : 1; // without a connection each says by itself what is wrong with that
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

/** Whether both can go together: what they must have in common for that is sent once. */
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
  // What nobody waits for any more must not leave the process later; what another waits for may.
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
 * The arguments of one renewal. It asks for the present run if the request does, or if `asksAnyway`.
 * With `inPlace`, a lease that is not there is not restored.
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
