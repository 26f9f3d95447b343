import { Observable, type Subscriber, type Unsubscribable } from 'rxjs';
import type { RenewReply, RenewRequest } from '../lease-store.js';
import { revocable } from './client.js';
import { keysOf } from './keys.js';
import type { Together } from './reply.js';

/** What renewals are made by. */
export interface Renewer {
  /** Whether several may go at once: there is a connection, and one server behind it. */
  readonly isReady: boolean;
  /** One renewal by itself. */
  alone(request: RenewRequest): Observable<RenewReply>;
  /** Several of one {@link groupOf group} in one request. Rejects where none of them was made. */
  together(requests: Several, signal: AbortSignal): Promise<Together>;
  /** What an error of `together` comes to for one of them; undefined where it is to be made alone. */
  explain(error: unknown, request: RenewRequest): Error | undefined;
}

type Several = readonly [RenewRequest, ...RenewRequest[]];

/** Renewals in one request: a server does nothing else meanwhile, about 5 µs for each. */
const MOST = 200;

/** One renewal that is waited for. */
class Waiting implements Unsubscribable {
  readonly request: RenewRequest;
  readonly subscriber: Subscriber<RenewReply>;
  batch: Batch | undefined;

  constructor(request: RenewRequest, subscriber: Subscriber<RenewReply>) {
    this.request = request;
    this.subscriber = subscriber;
  }

  unsubscribe(): void {
    this.batch?.leave();
  }

  hear(reply: RenewReply): void {
    this.subscriber.next(reply);
    this.subscriber.complete();
  }

  askAlone(renewer: Renewer): void {
    if (!this.subscriber.closed) this.subscriber.add(renewer.alone(this.request).subscribe(this.subscriber));
  }
}

/**
 * Renewals through one client: those asked for in one turn of the event loop go in one request, each with its own outcome. Made together are
 * only those that find their lease and its record in place; any other is made again, alone. So it does not matter that a proxy might send
 * elections to different servers, and what goes wrong with one touches no other.
 */
export function renewals(renewer: Renewer): (request: RenewRequest) => Observable<RenewReply> {
  let groups = new Map<string, Waiting[]>();
  const flush = () => {
    const ready = groups.values();
    groups = new Map();
    const most = renewer.isReady ? MOST : 1; // without a connection each says by itself what is wrong with that
    for (const group of ready) {
      const open = group.filter(({ subscriber }) => !subscriber.closed);
      for (let i = 0; i < open.length; i += most) send(renewer, open.slice(i, i + most));
    }
  };
  return (request) =>
    new Observable((subscriber) => {
      if (!renewer.isReady) return renewer.alone(request).subscribe(subscriber);
      if (groups.size === 0) setImmediate(flush);
      const waiting = new Waiting(request, subscriber);
      getOrMake(groups, groupOf(request)).push(waiting);
      return waiting;
    });
}

/** What those must have in common that go together: it is sent once for all of them. */
const groupOf = ({ ttl, run = '' }: RenewRequest): string => `${ttl} ${run}`;

function getOrMake(groups: Map<string, Waiting[]>, name: string): Waiting[] {
  const known = groups.get(name);
  if (known) return known;
  const group: Waiting[] = [];
  groups.set(name, group);
  return group;
}

function send(renewer: Renewer, group: readonly Waiting[]): void {
  const [first, ...others] = group;
  if (!first) return;
  if (others.length === 0) first.askAlone(renewer);
  else new Batch(renewer, [first, ...others]);
}

/** Several renewals in one request. */
class Batch {
  readonly #revoke: () => void;
  #open: number;

  constructor(renewer: Renewer, batch: readonly [Waiting, ...Waiting[]]) {
    this.#open = batch.length;
    for (const one of batch) one.batch = this;
    const requests = batch.map(({ request }) => request) as [RenewRequest, ...RenewRequest[]];
    const { answer, revoke } = revocable((signal) => renewer.together(requests, signal));
    this.#revoke = revoke;
    answer.then(
      ({ reply, alone }) => {
        for (const [i, one] of batch.entries()) {
          if (alone.has(i)) one.askAlone(renewer);
          else one.hear(reply);
        }
      },
      (error) => {
        for (const one of batch) {
          const reason = renewer.explain(error, one.request);
          if (reason) one.subscriber.error(reason);
          else one.askAlone(renewer);
        }
      },
    );
  }

  /** What nobody waits for any more must not leave the process later; what another waits for may. */
  leave(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#revoke();
  }
}

/** What a renewal is called with: its keys, and its arguments. */
export function renewal(request: RenewRequest): { keys: string[]; args: Array<string | number> } {
  const { id, ttl, name, data = '', token, notAfter, run = '' } = request;
  const { lease, record } = keysOf(request.key);
  return { keys: [lease, record], args: [id, ttl, name, data, token, notAfter ?? '', run] };
}

/** The same for several of one {@link groupOf group}: too late for one is too late for all, and then each goes alone. */
export function renewalOfAll(requests: Several): { keys: string[]; args: Array<string | number> } {
  const [{ ttl, run = '' }] = requests;
  let notAfter = Number.POSITIVE_INFINITY;
  const keys: string[] = [];
  const owners: string[] = [];
  for (const request of requests) {
    const { lease, record } = keysOf(request.key);
    keys.push(lease, record);
    owners.push(`${request.id} ${request.token}`);
    notAfter = Math.min(notAfter, request.notAfter ?? notAfter);
  }
  return { keys, args: [ttl, Number.isFinite(notAfter) ? notAfter : '', run, ...owners] };
}
