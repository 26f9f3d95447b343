import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  ignoreElements,
  NEVER,
  type Observable,
  type ObservableInput,
  of,
  tap,
  throwError,
} from 'rxjs';
import { invalidOption } from '../port/errors.js';
import type {
  AcquireRequest,
  Granted,
  LeaseRequest,
  LeaseStore,
  RenewRequest,
  RequestLimits,
} from '../port/lease-store.js';
import { getOrMake } from '../util/lookup.js';
import { adapterOf, type RedisClient } from './client.js';
import type { CommandConnections } from './client-adapter.js';
import { keysOf } from './keys.js';
import { ReplicaConfirmer, unavailable } from './replica-confirmer.js';

/** On how many replicas a lease must be, and for how many ms they are waited for: half of a request's `timeout` by default. */
export interface Rule {
  readonly count: number;
  readonly timeout?: number | undefined;
}

const known = new WeakMap<LeaseStore, Map<string, LeaseStore>>();
const clients = new WeakMap<LeaseStore, RedisClient>();

/** The client that a replicated store is reached by; undefined for any other store. */
export const clientOf = (store: LeaseStore): RedisClient | undefined => clients.get(store);

/**
 * Leases as `store` has them, each granted or renewed only where it is on so many replicas, too: nothing is granted or renewed
 * that is not so there. One store for all elections that wait for the same. `client` must be one that can be duplicated.
 */
export function replicatedStore(store: LeaseStore, client: RedisClient, rule: Rule): LeaseStore {
  const stores = getOrMake(known, store, () => new Map<string, LeaseStore>());
  return getOrMake(stores, `${rule.count} ${rule.timeout}`, () => {
    const made = open(store, client, rule);
    clients.set(made, client);
    return made;
  });
}

function open(store: LeaseStore, client: RedisClient, rule: Rule): LeaseStore {
  const witnesses = new ReplicaConfirmers(client, rule.count);
  /** By key, the id whose grant was given back last. */
  const givenBack = new Map<string, string>();

  /** A grant that nobody leads by is to be in nobody's way. Where this fails, too, the election does it. */
  const giveBack = ({ key, timeout, id }: AcquireRequest): Observable<never> => {
    givenBack.set(key, id);
    return defer(() => store.release({ verb: 'release', key, timeout, id })).pipe(
      ignoreElements(),
      catchError(() => EMPTY),
    );
  };

  const confirmed = <Reply>(
    request: LeaseRequest,
    wait: number,
    ask: () => ObservableInput<Reply>,
    confirm: (reply: Reply) => Observable<never>,
  ): Observable<Reply> =>
    witnesses.use(() =>
      // Where the last was not confirmed, whatever the reason, nothing more is written before something would be: a lease that is not to be led
      // by is not taken again and again, nor extended.
      concat(witnesses.recovery(request, wait), defer(ask)).pipe(
        concatMap((reply) => concat(confirm(reply), of(reply))),
      ),
    );

  const acquire = (request: AcquireRequest, wait: number) =>
    confirmed(
      request,
      wait,
      () => store.acquire(request),
      (reply) => {
        if (reply.status !== 'granted') return EMPTY;
        const refuse = (error: unknown) =>
          concat(
            giveBack(request),
            throwError(() => error),
          );
        return witnesses.confirm(request, wait, renewalOf(request, reply)).pipe(catchError(refuse));
      },
    );

  const renew = (request: RenewRequest, wait: number) =>
    confirmed(
      request,
      wait,
      () => store.renew(request),
      (reply) => (reply.status === 'renewed' ? witnesses.confirm(request, wait, request) : EMPTY),
    );

  const replicated: LeaseStore = {
    ...store,
    acquire: (request) => defer(() => acquire(request, waitWithin(rule, request))),
    renew: (request) => defer(() => renew(request, waitWithin(rule, request))),
    notices: (key) =>
      witnesses.use(() =>
        (store.notices?.(key) ?? NEVER).pipe(
          tap(({ kind }) => {
            if (kind === 'connected') witnesses.refresh();
          }),
          // Woken by what it gave back itself, a candidate would ask again at once, and fail again.
          filter((notice) => notice.kind !== 'released' || notice.id !== givenBack.get(key)),
          finalize(() => givenBack.delete(key)),
        ),
      ),
  };
  // A quorum gives its members less time for a request than the election has: the time to wait is not to change with that.
  const waiting = (wait: number): LeaseStore => ({
    ...replicated,
    acquire: (request) => acquire(request, wait),
    renew: (request) => renew(request, wait),
  });
  const byWait = new Map<number, LeaseStore>();
  const forElection = (limits?: RequestLimits): LeaseStore => {
    if (!limits) return replicated;
    const wait = waitWithin(rule, limits);
    return getOrMake(byWait, wait, () => waiting(wait));
  };
  return { ...replicated, forElection };
}

/** The ms that replicas are waited for as part of a request with these `limits`. */
function waitWithin(rule: Rule, { timeout: limit }: RequestLimits): number {
  const wait = rule.timeout ?? Math.max(1, Math.floor(limit / 2));
  if (wait < limit) return wait;
  throw invalidOption(
    'timeout',
    `must be more than the ${wait} ms for which replicated() waits for replicas, as part of a request`,
    limit,
  );
}

/** What finds the lease that was just granted, and nothing else. */
function renewalOf(request: AcquireRequest, { token, run }: Granted): RenewRequest {
  const { key, timeout, id, ttl, name, data, notAfter } = request;
  return {
    verb: 'renew',
    key,
    timeout,
    id,
    token,
    ...(run !== undefined && { run }),
    ttl,
    name,
    ...(data !== undefined && { data }),
    ...(notAfter !== undefined && { notAfter }),
  };
}

/** One {@link ReplicaConfirmer} for each server and each time to wait, kept as long as anybody uses them. */
class ReplicaConfirmers {
  readonly #wires: CommandConnections;
  readonly #prefix: string;
  readonly #count: number;
  readonly #witnesses = new Map<string, ReplicaConfirmer>();
  #users = 0;

  constructor(client: RedisClient, count: number) {
    const { commandConnections, prefix } = adapterOf(client);
    if (!commandConnections)
      throw invalidOption('redis', 'must be a client that can be duplicated, for a connection to wait by', client);
    this.#wires = commandConnections;
    this.#prefix = prefix;
    this.#count = count;
  }

  /** Keeps their connections while what `make` makes is subscribed. */
  use<Value>(make: () => Observable<Value>): Observable<Value> {
    return defer(() => {
      this.#users += 1;
      return make().pipe(finalize(() => this.#leave()));
    });
  }

  /** Confirms that the lease of `write` is in place, and on enough replicas within `wait` ms. */
  confirm(request: LeaseRequest, wait: number, write: RenewRequest): Observable<never> {
    const server = this.#serverOf(request);
    if (server === undefined) {
      return throwError(() => unavailable(request, 'the client does not know the server that has its slot'));
    }
    const replicas = { count: this.#count, timeout: wait };
    const open = () => new ReplicaConfirmer(() => this.#wires.open(server), replicas, this.#prefix);
    return getOrMake(this.#witnesses, nameOf(server, wait), open).confirm(request, write);
  }

  /** Completes once the replicas have what was written last; at once unless it is doubtful that they do. */
  recovery(request: LeaseRequest, wait: number): Observable<never> {
    const server = this.#serverOf(request);
    const witness = server === undefined ? undefined : this.#witnesses.get(nameOf(server, wait));
    return witness?.isDoubtful ? witness.confirm(request) : EMPTY;
  }

  /** Servers may have changed their places. */
  refresh(): void {
    for (const witness of this.#witnesses.values()) witness.refresh();
  }

  #serverOf({ key }: LeaseRequest): string | undefined {
    return this.#wires.serverOf(keysOf(key).lease);
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const witness of this.#witnesses.values()) witness.close();
    this.#witnesses.clear();
  }
}

/** Elections that wait for different times do not share a wait. */
const nameOf = (server: string, wait: number): string => `${wait} ${server}`;
