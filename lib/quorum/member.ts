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
 * One store of a quorum, as one election uses it. It keeps by itself what an election keeps of its only store: that store's time and its
 * highest token, whether it was silent last, and what may have been acquired there unheard. One request at a time; each is given up at
 * `until`, own time, and not made at all if its turn has not come by then.
 */
export class Member {
  readonly #store: LeaseStore;
  readonly #timing: Timing;
  readonly #line: SerialQueue;
  #memory: Memory = NOTHING_KNOWN;
  #mustProbe = false;
  /** Ids that may hold the lease unheard, as a request of theirs went unanswered: none acquires again before that is settled. */
  readonly #retired = new Set<string>();
  /** The id that was granted the lease last, until it is given back. */
  #granted: string | undefined;

  constructor(store: LeaseStore, timing: Timing) {
    this.#store = store;
    this.#timing = timing;
    this.#line = new SerialQueue(timing);
  }

  /** Whether `id` holds the lease here as far as is known, or may hold it unheard. */
  mayHold(id: string): boolean {
    return this.#granted === id || this.#retired.has(id);
  }

  /**
   * Neither in the dark, nor before what may be held unheard is taken back; nor if it `isWanted` no more when its turn comes. `isLed`: under the
   * id of a term, which wants what it may hold unheard.
   */
  acquire(request: AcquireRequest, until: number, isWanted: () => boolean, isLed = false): Observable<AcquireReply> {
    const { key, timeout, id: own } = request;
    const probe = () => (this.#mustProbe ? this.#ask({ verb: 'read', key, timeout }, until) : EMPTY);
    const takeBacks = () =>
      concat(
        ...[...this.#retired]
          .filter((id) => id !== own)
          .map((id) => this.#takeBack({ verb: 'release', key, timeout, id }, until)),
      );
    return this.#line.enqueue(until, () => {
      if (!isWanted()) return EMPTY;
      if (!isLed && this.#retired.has(own)) return throwError(unheard);
      const first = concat(defer(probe), defer(takeBacks)).pipe(ignoreElements());
      const take = () => (isWanted() ? this.#take(request, until) : EMPTY);
      return concat(first, inTime(take)) as Observable<AcquireReply>;
    });
  }

  renew(request: RenewRequest, until: number, isWanted: () => boolean): Observable<RenewReply> {
    const dated = () => this.#ask<RenewReply>({ ...request, ...this.#limit(until) }, until);
    const has = tap(({ status }: RenewReply) => status === 'renewed' && this.#hasGranted(request.id));
    return this.#line.enqueue(until, () => (isWanted() ? inTime(dated).pipe(has) : EMPTY));
  }

  /** What it leaves open, as where its turn does not come, is tried again before the next acquire. */
  release(request: ReleaseRequest, until: number): Observable<ReleaseReply> {
    const keep = () => this.mayHold(request.id) && this.#retired.add(request.id);
    return this.#line.enqueue(until, () => this.#takeBack(request, until)).pipe(tap({ error: keep }));
  }

  /** After whatever may still list it. */
  withdraw(request: WithdrawRequest, until: number): Observable<WithdrawReply> {
    return this.#line.enqueue(until, () => this.#ask<WithdrawReply>(request, until));
  }

  read(request: ReadRequest, until: number): Observable<ReadReply> {
    return this.#line.enqueue(until, () => this.#ask<ReadReply>(request, until));
  }

  /** At once: it changes nothing, and must hold up nothing. */
  list(request: ListRequest, until: number): Observable<ListReply> {
    return defer(() => sendRequest(this.#store, { ...request, timeout: this.#left(until) }, this.#timing.scheduler));
  }

  /** With what this store alone can be asked by: its own time, and the highest token that is known to have been on record there. */
  #take(request: AcquireRequest, until: number): Observable<AcquireReply> {
    const { lastToken } = request;
    const watch = watched(this.#memory, this.#timing.clock.now(), request.ttl);
    const isHeard = this.#memory !== NOTHING_KNOWN;
    const own = {
      ...request,
      // A store that was no part of the last majority has not lost anything by that.
      lastToken: isHeard ? Math.min(lastToken, this.#memory.token) : lastToken,
      ...this.#limit(until),
      ...(watch && { watched: watch }),
    };
    return this.#ask<AcquireReply>(own, until).pipe(
      tap({
        next: ({ status }) => status === 'granted' && this.#hasGranted(request.id),
        error: (error) => isDoubtful(error) && this.#retired.add(request.id),
      }),
    );
  }

  #takeBack(request: ReleaseRequest, until: number): Observable<ReleaseReply> {
    return this.#ask<ReleaseReply>(request, until).pipe(
      tap({
        next: () => {
          this.#retired.delete(request.id);
          if (this.#granted === request.id) this.#granted = undefined;
        },
      }),
    );
  }

  #hasGranted(id: string): void {
    this.#granted = id;
    this.#retired.delete(id);
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

const unheard = () => new ElectionError('STORE_TIMEOUT', 'What was asked for under this id went unanswered');

/** Once more where it came too late: the store's time was misjudged, as it may be after a while, and is known from its answer. */
const inTime = <Reply extends AcquireReply | RenewReply>(ask: () => Observable<Reply>): Observable<Reply> =>
  defer(ask).pipe(concatMap((reply) => (reply.status === 'late' ? ask() : of(reply))));
