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
import { getOrMake } from '../../lookup.js';
import type { AcquireRequest, Granted, LeaseStore, RenewRequest, StoreRequest } from '../lease-store.js';
import { keysOf } from './keys.js';
import type { Wires } from './port.js';
import { type Replicas, unavailable, Witness } from './witness.js';

const known = new WeakMap<LeaseStore, Map<string, LeaseStore>>();

/**
 * Leases as `store` has them, each granted or renewed only where it is on so many replicas, too: nothing is granted or renewed
 * that is not so there. One store for all elections that wait for the same. `prefix` is what the client puts before each key.
 */
export function replicatedStore(store: LeaseStore, wires: Wires, replicas: Replicas, prefix: string): LeaseStore {
  const stores = getOrMake(known, store, () => new Map<string, LeaseStore>());
  return getOrMake(stores, `${replicas.count} ${replicas.timeout}`, () => open(store, wires, replicas, prefix));
}

function open(store: LeaseStore, wires: Wires, replicas: Replicas, prefix: string): LeaseStore {
  const witnesses = new Witnesses(wires, replicas, prefix);
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
    request: StoreRequest,
    ask: () => ObservableInput<Reply>,
    confirm: (reply: Reply) => Observable<never>,
  ): Observable<Reply> =>
    witnesses.use(() =>
      // Where the last was not confirmed, whatever the reason, nothing more is written before something would be: a lease that is not to be led
      // by is not taken again and again, nor extended.
      concat(witnesses.recovery(request), defer(ask)).pipe(concatMap((reply) => concat(confirm(reply), of(reply)))),
    );

  return {
    ...store,
    acquire: (request) =>
      confirmed(
        request,
        () => store.acquire(request),
        (reply) => {
          if (reply.status !== 'granted') return EMPTY;
          const refuse = (error: unknown) =>
            concat(
              giveBack(request),
              throwError(() => error),
            );
          return witnesses.confirm(request, renewalOf(request, reply)).pipe(catchError(refuse));
        },
      ),
    renew: (request) =>
      confirmed(
        request,
        () => store.renew(request),
        (reply) => (reply.status === 'renewed' ? witnesses.confirm(request, request) : EMPTY),
      ),
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

/** One {@link Witness} for each server, kept as long as anybody uses them. */
class Witnesses {
  readonly #wires: Wires;
  readonly #replicas: Replicas;
  readonly #prefix: string;
  readonly #byServer = new Map<string, Witness>();
  #users = 0;

  constructor(wires: Wires, replicas: Replicas, prefix: string) {
    this.#wires = wires;
    this.#replicas = replicas;
    this.#prefix = prefix;
  }

  /** Keeps their connections while what `make` makes is subscribed. */
  use<Value>(make: () => Observable<Value>): Observable<Value> {
    return defer(() => {
      this.#users += 1;
      return make().pipe(finalize(() => this.#leave()));
    });
  }

  /** Confirms that the lease of `write` is in place, and on enough replicas. */
  confirm(request: StoreRequest, write: RenewRequest): Observable<never> {
    const server = this.#serverOf(request);
    if (server === undefined) {
      return throwError(() => unavailable(request, 'the client does not know the server that has its slot'));
    }
    const open = () => new Witness(() => this.#wires.open(server), this.#replicas, this.#prefix);
    return getOrMake(this.#byServer, server, open).confirm(request, write);
  }

  /** Completes once the replicas have what was written last; at once unless it is doubtful that they do. */
  recovery(request: StoreRequest): Observable<never> {
    const server = this.#serverOf(request);
    const witness = server === undefined ? undefined : this.#byServer.get(server);
    return witness?.isDoubtful ? witness.confirm(request) : EMPTY;
  }

  /** Servers may have changed their places. */
  refresh(): void {
    for (const witness of this.#byServer.values()) witness.refresh();
  }

  #serverOf({ key }: StoreRequest): string | undefined {
    return this.#wires.serverOf(keysOf(key).lease);
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const witness of this.#byServer.values()) witness.close();
    this.#byServer.clear();
  }
}
