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

/**
 * The replicas that must have a lease, and the ms to wait for them: half of `timeout` by default.
 */
export interface Rule {
  readonly count: number;
  readonly timeout?: number | undefined;
}

const known = new WeakMap<LeaseStore, Map<string, LeaseStore>>();
const clients = new WeakMap<LeaseStore, RedisClient>();

/** The client of a replicated store; undefined for any other store. */
export const clientOf = (store: LeaseStore): RedisClient | undefined => clients.get(store);

/**
 * A store that grants and renews only leases that enough replicas have. Elections with the same
 * `rule` share one store. `client` must be one that can be duplicated.
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
  const confirmers = new ReplicaConfirmers(client, rule.count);
  /** By key, the id of the last grant that was given back. */
  const givenBack = new Map<string, string>();

  /** Releases a grant that was not confirmed. If this fails, the election releases it. */
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
    confirmers.use(() =>
      // After a failed confirmation, first check that replicas respond before anything is written.
      // Otherwise a lease without a leader would be taken or extended again and again.
      concat(confirmers.recovery(request, wait), defer(ask)).pipe(
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
        return confirmers.confirm(request, wait, renewalOf(request, reply)).pipe(catchError(refuse));
      },
    );

  const renew = (request: RenewRequest, wait: number) =>
    confirmed(
      request,
      wait,
      () => store.renew(request),
      (reply) => (reply.status === 'renewed' ? confirmers.confirm(request, wait, request) : EMPTY),
    );

  const replicated: LeaseStore = {
    ...store,
    acquire: (request) => defer(() => acquire(request, waitWithin(rule, request))),
    renew: (request) => defer(() => renew(request, waitWithin(rule, request))),
    notices: (key) =>
      confirmers.use(() =>
        (store.notices?.(key) ?? NEVER).pipe(
          tap(({ kind }) => {
            if (kind === 'connected') confirmers.refresh();
          }),
          // A candidate must not retry because of its own release: it would fail again.
          filter((notice) => notice.kind !== 'released' || notice.id !== givenBack.get(key)),
          finalize(() => givenBack.delete(key)),
        ),
      ),
  };
  // A quorum gives its members a shorter timeout. The wait must not depend on that.
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

/** ms to wait for replicas in a request with these limits. */
function waitWithin(rule: Rule, { timeout: limit }: RequestLimits): number {
  const wait = rule.timeout ?? Math.max(1, Math.floor(limit / 2));
  if (wait < limit) return wait;
  throw invalidOption(
    'timeout',
    `must be more than the ${wait} ms for which replicated() waits for replicas, as part of a request`,
    limit,
  );
}

/** A renewal that finds only the lease that was just granted. */
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

/** One {@link ReplicaConfirmer} for each server and wait, kept while anybody uses them. */
class ReplicaConfirmers {
  readonly #connections: CommandConnections;
  readonly #prefix: string;
  readonly #count: number;
  readonly #confirmers = new Map<string, ReplicaConfirmer>();
  #users = 0;

  constructor(client: RedisClient, count: number) {
    const { commandConnections, prefix } = adapterOf(client);
    if (!commandConnections)
      throw invalidOption('redis', 'must be a client that can be duplicated, for a connection to wait by', client);
    this.#connections = commandConnections;
    this.#prefix = prefix;
    this.#count = count;
  }

  /** Keeps the connections while the Observable of `make` is subscribed. */
  use<Value>(make: () => Observable<Value>): Observable<Value> {
    return defer(() => {
      this.#users += 1;
      return make().pipe(finalize(() => this.#leave()));
    });
  }

  /** Completes once enough replicas have the lease of `write`; fails after `wait` ms. */
  confirm(request: LeaseRequest, wait: number, write: RenewRequest): Observable<never> {
    const server = this.#serverOf(request);
    if (server === undefined) {
      return throwError(() => unavailable(request, 'the client does not know the server that has its slot'));
    }
    const replicas = { count: this.#count, timeout: wait };
    const open = () => new ReplicaConfirmer(() => this.#connections.open(server), replicas, this.#prefix);
    return getOrMake(this.#confirmers, nameOf(server, wait), open).confirm(request, write);
  }

  /** Completes once enough replicas have the last write; at once unless that is in doubt. */
  recovery(request: LeaseRequest, wait: number): Observable<never> {
    const server = this.#serverOf(request);
    const confirmer = server === undefined ? undefined : this.#confirmers.get(nameOf(server, wait));
    return confirmer?.isDoubtful ? confirmer.confirm(request) : EMPTY;
  }

  /** The client has reconnected, maybe to another server. */
  refresh(): void {
    for (const confirmer of this.#confirmers.values()) confirmer.refresh();
  }

  #serverOf({ key }: LeaseRequest): string | undefined {
    return this.#connections.serverOf(keysOf(key).lease);
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const confirmer of this.#confirmers.values()) confirmer.close();
    this.#confirmers.clear();
  }
}

/** Elections with different waits do not share a WAIT. */
const nameOf = (server: string, wait: number): string => `${wait} ${server}`;
