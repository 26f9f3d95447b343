import { concat, concatMap, defer, EMPTY, ignoreElements, type Observable, of, tap, throwError } from 'rxjs';
import { isDoubtful, mustProbeAfter } from '../core/campaign.js';
import { learn, type Memory, NOTHING_KNOWN, notAfter, watched } from '../core/memory.js';
import { ElectionError } from '../port/errors.js';
import type {
  AcquireReply,
  AcquireRequest,
  CandidateReply,
  CandidateRequest,
  LeaseStore,
  ListReply,
  ListRequest,
  ReadReply,
  ReadRequest,
  ReleaseReply,
  ReleaseRequest,
  RenewReply,
  RenewRequest,
  WithdrawReply,
  WithdrawRequest,
} from '../port/lease-store.js';
import { sendRequest } from '../stream/request.js';
import { SerialQueue, type Timing } from './serial-queue.js';

/**
 * One store of a quorum, as one election uses it.
 *
 * It keeps what an election keeps of its only store: the store's time, its highest token, whether
 * it was silent last, and possible unconfirmed leases.
 * It makes one request at a time. Each request ends at `until`, own time, and is skipped if its
 * turn has not come by then.
 */
export class Member {
  readonly #store: LeaseStore;
  readonly #timing: Timing;
  readonly #queue: SerialQueue;
  #memory: Memory = NOTHING_KNOWN;
  #mustProbe = false;
  /**
   * Ids that may hold an unconfirmed lease, because a request of theirs went unanswered.
   * No attempt is made under such an id before that is settled.
   */
  readonly #unconfirmed = new Set<string>();
  /** The id of the last grant, until it is given back. */
  #granted: string | undefined;

  constructor(store: LeaseStore, timing: Timing) {
    this.#store = store;
    this.#timing = timing;
    this.#queue = new SerialQueue(timing);
  }

  /** Whether `id` holds the lease here, or may hold it unconfirmed. */
  mayHold(id: string): boolean {
    return this.#granted === id || this.#unconfirmed.has(id);
  }

  /**
   * Acquires, but only after a probe of a silent store and after possible unconfirmed leases are
   * given back.
   *
   * Skipped if `isWanted` is false when its turn comes. `isLed` marks the id of a current term,
   * which may keep an unconfirmed lease.
   */
  acquire(request: AcquireRequest, until: number, isWanted: () => boolean, isLed = false): Observable<AcquireReply> {
    const { key, timeout, id: own } = request;
    const probe = () => (this.#mustProbe ? this.#ask({ verb: 'read', key, timeout }, until) : EMPTY);
    const takeBacks = () =>
      concat(
        ...[...this.#unconfirmed]
          .filter((id) => id !== own)
          .map((id) => this.#takeBack({ verb: 'release', key, timeout, id }, until)),
      );
    return this.#queue.enqueue(until, () => {
      if (!isWanted()) return EMPTY;
      if (!isLed && this.#unconfirmed.has(own)) return throwError(unanswered);
      const first = concat(defer(probe), defer(takeBacks)).pipe(ignoreElements());
      const take = () => (isWanted() ? this.#take(request, until) : EMPTY);
      return concat(first, inTime(take)) as Observable<AcquireReply>;
    });
  }

  renew(request: RenewRequest, until: number, isWanted: () => boolean): Observable<RenewReply> {
    const renewNow = () => this.#ask<RenewReply>({ ...request, ...this.#limit(until) }, until);
    const has = tap(({ status }: RenewReply) => status === 'renewed' && this.#recordGrant(request.id));
    return this.#queue.enqueue(until, () => (isWanted() ? inTime(renewNow).pipe(has) : EMPTY));
  }

  /** A release that fails, or whose turn does not come, is repeated before the next acquire. */
  release(request: ReleaseRequest, until: number): Observable<ReleaseReply> {
    const keep = () => this.mayHold(request.id) && this.#unconfirmed.add(request.id);
    return this.#queue.enqueue(until, () => this.#takeBack(request, until)).pipe(tap({ error: keep }));
  }

  /** Queued behind every request that may still list the candidate. */
  withdraw(request: WithdrawRequest, until: number): Observable<WithdrawReply> {
    return this.#queue.enqueue(until, () => this.#ask<WithdrawReply>(request, until));
  }

  read(request: ReadRequest, until: number): Observable<ReadReply> {
    return this.#queue.enqueue(until, () => this.#ask<ReadReply>(request, until));
  }

  /** Not queued: it changes nothing and must delay nothing. */
  list(request: ListRequest, until: number): Observable<ListReply> {
    return defer(() => sendRequest(this.#store, { ...request, timeout: this.#left(until) }, this.#timing.scheduler));
  }

  /** Uses this store's own time, and the highest token known to have been on record there. */
  #take(request: AcquireRequest, until: number): Observable<AcquireReply> {
    const { lastToken } = request;
    const watch = watched(this.#memory, this.#timing.clock.now(), request.ttl);
    const isHeard = this.#memory !== NOTHING_KNOWN;
    const own = {
      ...request,
      // A store outside the last majority has a lower token without having lost data.
      lastToken: isHeard ? Math.min(lastToken, this.#memory.token) : lastToken,
      ...this.#limit(until),
      ...(watch && { watched: watch }),
    };
    return this.#ask<AcquireReply>(own, until).pipe(
      tap({
        next: ({ status }) => status === 'granted' && this.#recordGrant(request.id),
        error: (error) => isDoubtful(error) && this.#unconfirmed.add(request.id),
      }),
    );
  }

  #takeBack(request: ReleaseRequest, until: number): Observable<ReleaseReply> {
    return this.#ask<ReleaseReply>(request, until).pipe(
      tap({
        next: () => {
          this.#unconfirmed.delete(request.id);
          if (this.#granted === request.id) this.#granted = undefined;
        },
      }),
    );
  }

  #recordGrant(id: string): void {
    this.#granted = id;
    this.#unconfirmed.delete(id);
  }

  #ask<Reply extends CandidateReply>(request: CandidateRequest, until: number): Observable<Reply> {
    const { scheduler, clock } = this.#timing;
    const asked = defer(() => sendRequest(this.#store, { ...request, timeout: this.#left(until) }, scheduler));
    return (asked as Observable<Reply>).pipe(
      tap({
        next: (reply) => {
          this.#mustProbe = false;
          this.#memory = learn(this.#memory, reply, clock.now(), 'ttl' in request ? request.ttl : 0);
        },
        error: (error) => {
          this.#mustProbe = mustProbeAfter(this.#mustProbe, error);
        },
      }),
    );
  }

  #left(until: number): number {
    return Math.max(0, until - this.#timing.clock.now());
  }

  #limit(until: number): { notAfter?: number } {
    const limit = notAfter(this.#memory, this.#timing.clock.now(), this.#left(until));
    return limit === undefined ? {} : { notAfter: limit };
  }
}

const unanswered = () => new ElectionError('STORE_TIMEOUT', 'What was asked for under this id went unanswered');

/**
 * Repeats a request that came too late. The store's time was misjudged, and the reply has corrected
 * it.
 */
const inTime = <Reply extends AcquireReply | RenewReply>(ask: () => Observable<Reply>): Observable<Reply> =>
  defer(ask).pipe(concatMap((reply) => (reply.status === 'late' ? ask() : of(reply))));
