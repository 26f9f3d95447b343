import {
  AsyncSubject,
  asyncScheduler,
  defer,
  NEVER,
  Observable,
  of,
  type SchedulerLike,
  Subject,
  throwError,
  timer,
} from 'rxjs';
import { type Clock, systemClock } from '../clock/clock.js';
import { ElectionError, type ElectionErrorCode } from '../port/errors.js';
import type {
  AcquireReply,
  AcquireRequest,
  LeaseReply,
  LeaseRequest,
  LeaseStore,
  ListReply,
  ListRequest,
  Notice,
  ReadReply,
  ReadRequest,
  ReleaseReply,
  ReleaseRequest,
  RenewReply,
  RenewRequest,
  WithdrawReply,
  WithdrawRequest,
} from '../port/lease-store.js';
import { type Entry, expire, type LeaseRecord, liveLease, type Server } from '../port/rules/entry.js';
import { rules } from '../port/rules.js';

/** The options of {@link MemoryLeaseStore}. */
export interface MemoryLeaseStoreOptions {
  /**
   * Drives the store's clock: a `TestScheduler`, or anything with `now()` in ms. Default: real
   * time.
   */
  readonly clock?: Clock;
  /**
   * The store's wall time, in ms since 1970, when `clock` reads 0. Tokens derive from it. Default:
   * the year 2020.
   */
  readonly epoch?: number;
  /**
   * ms from a request to its reply. The request takes effect half-way. Default: 0, which replies
   * synchronously.
   */
  readonly latency?: number;
  /** Runs the timers for `latency`. Default: RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** The contents of a {@link MemoryLeaseStore} at one moment. */
export interface StoreCopy {
  /** @internal */
  readonly entries: ReadonlyMap<string, Entry>;
}

/** How the store currently treats requests. */
type Fault = { readonly kind: 'fail'; readonly error: unknown } | { readonly kind: 'hang' } | { readonly kind: 'mute' };

/** A notice and its election. Without a key, it is for all elections. */
interface Message {
  readonly key?: string;
  readonly notice: Notice;
}

/** A place that a client may be connected to instead of the election's own server and database. */
type Place = 'replica' | 'database';

/** Prefix of the keys in another database. */
const ELSEWHERE = 'elsewhere:';

const YEAR_2020 = Date.UTC(2020, 0);

/**
 * A {@link LeaseStore} in memory that gives the same replies as the one in Redis, for tests.
 *
 * Its clock can be virtual, and its methods inject failures. Candidates that share one instance
 * compete with each other.
 * They receive notices of elections and releases synchronously, before the request that caused them
 * is answered.
 *
 * @example
 * const store = new MemoryLeaseStore();
 * const election = elect({ store, key: 'billing' });
 * store.fail('STORE_UNAVAILABLE');
 */
export class MemoryLeaseStore implements LeaseStore {
  readonly #clock: Clock;
  readonly #latency: number;
  readonly #scheduler: SchedulerLike;
  readonly #entries = new Map<string, Entry>();
  /** Store time in ms when the clock reads 0. */
  #epoch: number;
  #runs = 1;
  #fault: Fault | undefined;
  readonly #notices = new Subject<Message>();
  /**
   * Notices still to be published. A queue keeps their order when a subscriber's reaction causes
   * the next one.
   */
  readonly #noticeQueue: Message[] = [];
  #publishesNotices = true;

  constructor({
    clock = systemClock(),
    epoch = YEAR_2020,
    latency = 0,
    scheduler = asyncScheduler,
  }: MemoryLeaseStoreOptions = {}) {
    this.#clock = clock;
    this.#epoch = epoch;
    this.#latency = latency;
    this.#scheduler = scheduler;
  }

  acquire(request: AcquireRequest): Observable<AcquireReply> {
    return this.#answer(request);
  }

  renew(request: RenewRequest): Observable<RenewReply> {
    return this.#answer(request);
  }

  release(request: ReleaseRequest): Observable<ReleaseReply> {
    return this.#answer(request);
  }

  withdraw(request: WithdrawRequest): Observable<WithdrawReply> {
    return this.#answer(request);
  }

  list(request: ListRequest): Observable<ListReply> {
    return this.#answer(request);
  }

  read(request: ReadRequest): Observable<ReadReply> {
    return this.#answer(request);
  }

  /**
   * Returns the store as seen by a client that is connected to the wrong place.
   *
   * A `'replica'` answers reads and fails every write with `STORE_READONLY`.
   * Another `'database'` fails every request that sets a lease with `KEY_CONFLICT`.
   *
   * @internal
   */
  seenFrom(where: Place): LeaseStore {
    const answer = (request: LeaseRequest) => this.#answer<never>(request, where);
    return {
      acquire: answer,
      renew: answer,
      release: answer,
      withdraw: answer,
      list: answer,
      read: answer,
      notices: (key) => this.notices(key),
    };
  }

  /**
   * Emits elections and releases under `key` as they happen, and first `listening`, unless muted.
   */
  notices(key: string): Observable<Notice> {
    return new Observable((subscriber) => {
      // Subscribe before emitting `listening`, so that events caused by the subscriber's reaction
      // are received.
      subscriber.add(
        this.#notices.subscribe((message) => {
          if (message.key === undefined || message.key === key) subscriber.next(message.notice);
        }),
      );
      if (this.#publishesNotices) subscriber.next({ kind: 'listening' });
    });
  }

  /** The store's wall time in ms, precise to the µs. */
  get time(): number {
    return this.#server().micros / 1000;
  }

  /**
   * Returns the lease of `key` while it lasts. `expiresIn` is in ms; Infinity without an expiry.
   */
  lease(key: string): { id: string; expiresIn: number } | undefined {
    const now = Math.floor(this.time);
    const lease = liveLease(this.#entry(key), now);
    return lease && { id: lease.id, expiresIn: lease.expiresAt - now };
  }

  /** Returns the record of the election `key`. */
  record(key: string): LeaseRecord | undefined {
    return this.#entry(key).record;
  }

  /**
   * Makes every request fail with `failure` and change nothing, until {@link heal}.
   * A bare code becomes an `ElectionError`.
   */
  fail(failure: ElectionErrorCode | Error): void {
    const error = typeof failure === 'string' ? new ElectionError(failure, `The store fails: ${failure}`) : failure;
    this.#fault = { kind: 'fail', error };
  }

  /** Makes the store ignore every request, without a reply, until {@link heal}. */
  hang(): void {
    this.#fault = { kind: 'hang' };
  }

  /** Makes the store execute every request without a reply, until {@link heal}. */
  loseReplies(): void {
    this.#fault = { kind: 'mute' };
  }

  /**
   * Stops publishing elections and releases, until {@link heal}. Subscribers receive `deaf`.
   * Requests work as before.
   */
  muteNotices(): void {
    if (!this.#publishesNotices) return;
    this.#publishesNotices = false;
    this.#publish({ notice: { kind: 'deaf' } });
  }

  /**
   * Ends `fail`, `hang`, `loseReplies` and `muteNotices`.
   * Missed replies and notices stay missed. After `muteNotices`, subscribers receive `listening`.
   */
  heal(): void {
    this.#fault = undefined;
    if (this.#publishesNotices) return;
    this.#publishesNotices = true;
    this.#publish({ notice: { kind: 'listening' } });
  }

  /** Deletes everything, as `FLUSHALL` does. */
  flush(): void {
    this.#entries.clear();
  }

  /** Deletes one key of an election, as a full server with eviction does. */
  evict(key: string, what: 'lease' | 'record'): void {
    const { [what]: _, ...rest } = this.#entry(key);
    this.#entries.set(key, rest);
  }

  /** Restarts the store under a new run id. Its data is lost unless `keep` is true. */
  restart({ keep = false }: { readonly keep?: boolean } = {}): void {
    this.#runs++;
    if (!keep) this.flush();
  }

  /** Copies the current contents, like a replica that then loses its connection. */
  copy(): StoreCopy {
    this.#expire();
    return { entries: new Map(this.#entries) };
  }

  /**
   * Promotes a replica with its own run id, which has the contents of an earlier {@link
   * MemoryLeaseStore.copy}.
   */
  failOver(copy: StoreCopy): void {
    this.#runs++;
    this.#entries.clear();
    for (const [key, entry] of copy.entries) this.#entries.set(key, entry);
  }

  /**
   * Steps the store's wall clock by `ms`, which may be negative.
   * Leases expire by that clock, and an expired lease stays expired.
   */
  stepClock(ms: number): void {
    this.#expire();
    this.#epoch += ms;
  }

  /**
   * Puts the lease of a holder that writes no record (go-leader). Without `ttl`, puts a value that
   * is not a lease.
   */
  put(key: string, id: string, ttl = Number.POSITIVE_INFINITY): void {
    this.#entries.set(key, { ...this.#entry(key), lease: { id, expiresAt: Math.floor(this.time) + ttl } });
  }

  /** Deletes expired entries. A server also does so without any request. */
  #expire(): void {
    const now = Math.floor(this.time);
    for (const [key, entry] of this.#entries) this.#entries.set(key, expire(entry, now));
  }

  #entry(key: string): Entry {
    return this.#entries.get(key) ?? {};
  }

  #server(where?: Place): Server {
    return {
      micros: Math.round((this.#epoch + this.#clock.now()) * 1000),
      run: `run${this.#runs}`,
      isReplica: where === 'replica',
      isElsewhere: where === 'database',
    };
  }

  #execute(request: LeaseRequest, where?: Place): LeaseReply {
    const { key } = request;
    const place = where === 'database' ? `${ELSEWHERE}${key}` : key;
    const { entry, reply, notice } = rules.answer(this.#entry(place), request, this.#server(where));
    if (where !== 'replica') this.#entries.set(place, entry);
    if (notice && this.#publishesNotices) this.#publish({ key, notice });
    return reply;
  }

  #publish(message: Message): void {
    if (this.#noticeQueue.push(message) > 1) return;
    for (let next = this.#noticeQueue[0]; next; next = this.#noticeQueue[0]) {
      this.#notices.next(next);
      this.#noticeQueue.shift();
    }
  }

  /** Executes one request on subscription. A request that is under way cannot be cancelled. */
  #answer<Reply extends LeaseReply>(request: LeaseRequest, where?: Place): Observable<Reply> {
    return defer(() => {
      const execute = () => this.#execute(request, where) as Reply;
      if (this.#latency === 0) return this.#handle(execute);
      const answer = new AsyncSubject<Reply>();
      const half = this.#latency / 2;
      timer(half, this.#scheduler).subscribe(() => {
        const handled = this.#handle(execute);
        timer(half, this.#scheduler).subscribe(() => handled.subscribe(answer));
      });
      return answer;
    });
  }

  #handle<Reply>(execute: () => Reply): Observable<Reply> {
    const fault = this.#fault;
    if (fault?.kind === 'hang') return NEVER;
    if (fault?.kind === 'fail') return throwError(() => fault.error);
    try {
      const reply = execute();
      return fault ? NEVER : of(reply);
    } catch (error) {
      return fault ? NEVER : throwError(() => error);
    }
  }
}
