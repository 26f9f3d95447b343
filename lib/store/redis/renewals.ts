import { Observable, type Subscriber } from 'rxjs';
import type { RenewReply, RenewRequest } from '../lease-store.js';
import { revocable } from './client.js';
import { keysOf } from './keys.js';

/** What renewals are made by. */
export interface Renewer {
  /** Whether several may go at once: there is a connection, and one server behind it. */
  readonly isReady: boolean;
  /** One renewal by itself. */
  alone(request: RenewRequest): Observable<RenewReply>;
  /** Several in one request; answers are in order, `undefined` for one that is to be made alone. Rejects where none of them was made. */
  together(requests: readonly RenewRequest[], signal: AbortSignal): Promise<ReadonlyArray<RenewReply | undefined>>;
  /** What an error of `together` comes to for one of them; undefined where it is to be made alone. */
  explain(error: unknown, request: RenewRequest): Error | undefined;
}

/** Renewals in one request: a server does nothing else meanwhile, about 10 µs for each. */
const MOST = 100;

interface Waiting {
  readonly request: RenewRequest;
  readonly subscriber: Subscriber<RenewReply>;
}

/**
 * Renewals through one client: those asked for in one turn of the event loop go in one request, each with its own outcome. Made together are
 * only those that find their lease in place; any other is made again, alone. So it does not matter that a proxy might send elections to different
 * servers, and what goes wrong with one touches no other.
 */
export function renewals(renewer: Renewer): (request: RenewRequest) => Observable<RenewReply> {
  let waiting: Waiting[] = [];
  const flush = () => {
    const open = waiting.filter(({ subscriber }) => !subscriber.closed);
    waiting = [];
    const most = renewer.isReady ? MOST : 1; // without a connection each says by itself what is wrong with that
    for (let i = 0; i < open.length; i += most) send(renewer, open.slice(i, i + most));
  };
  return (request) =>
    new Observable((subscriber) => {
      if (!renewer.isReady) return renewer.alone(request).subscribe(subscriber);
      if (waiting.push({ request, subscriber }) === 1) setImmediate(flush);
      return undefined;
    });
}

function send(renewer: Renewer, batch: readonly Waiting[]): void {
  const alone = ({ request, subscriber }: Waiting) => {
    if (!subscriber.closed) subscriber.add(renewer.alone(request).subscribe(subscriber));
  };
  if (batch.length === 1) {
    batch.forEach(alone);
    return;
  }
  const requests = batch.map(({ request }) => request);
  const { answer, revoke } = revocable((signal) => renewer.together(requests, signal));
  let open = batch.length;
  for (const { subscriber } of batch) {
    // What nobody waits for any more must not leave the process later; what another waits for may.
    subscriber.add(() => {
      open -= 1;
      if (open === 0) revoke();
    });
  }
  answer.then(
    (replies) => {
      for (const [i, one] of batch.entries()) {
        const reply = replies[i];
        if (!reply) alone(one);
        else {
          one.subscriber.next(reply);
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

/** What a renewal is called with: its keys, and its arguments. */
export function renewal(request: RenewRequest): { keys: string[]; args: Array<string | number> } {
  const { id, ttl, name, data = '', token, notAfter, run = '' } = request;
  const { lease, record } = keysOf(request.key);
  return { keys: [lease, record], args: [id, ttl, name, data, token, notAfter ?? '', run] };
}
