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

/** What {@link MemoryLeaseStore} takes. */
export interface MemoryLeaseStoreOptions {
  /** What its own clock is driven by: a `TestScheduler`, or anything with `now()` in ms. Default: real time. */
  readonly clock?: Clock;
  /** The store's wall time, in ms since 1970, when `clock` reads 0. Tokens are made of it. Default: the year 2020. */
  readonly epoch?: number;
  /** ms from a request to its reply; it takes effect half-way. Default: 0, which answers synchronously. */
  readonly latency?: number;
  /** Runs the timers that `latency` takes. Default: RxJS's `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** What a {@link MemoryLeaseStore} had stored at one moment. */
export interface StoreCopy {
  /** @internal */
  readonly entries: ReadonlyMap<string, Entry>;
}

/** How requests are treated at present. */
type Fault = { readonly kind: 'fail'; readonly error: unknown } | { readonly kind: 'hang' } | { readonly kind: 'mute' };

/** A notice, and of which election: of all, without a key. */
interface Message {
  readonly key?: string;
  readonly notice: Notice;
}

/** Where a client may be that is not where the election is. */
type Place = 'replica' | 'database';

/** What stands before the keys of another database. */
const ELSEWHERE = 'elsewhere:';

const YEAR_2020 = Date.UTC(2020, 0);

/**
 * A {@link LeaseStore} in memory that does what the one in Redis does, reply by reply, on a clock that a test can set, and that
 * fails when it is told to. Candidates that share one instance stand against each other, and hear of each other's elections and
 * releases by notice, synchronously, before the request that made them is answered.
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
  readonly #told = new Subject<Message>();
  /** What has yet to be told: one thing after the other, also where hearing of it makes the next happen. */
  readonly #telling: Message[] = [];
  #tells = true;

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
   * The store as a client finds it that is connected to a `'replica'`, which answers reads and fails whatever would write with `STORE_READONLY`; or that
   * was moved to another `'database'`, where it fails whatever would set a lease with `KEY_CONFLICT`.
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

  /** Elections and releases under `key`, as they happen; and first of all `listening`, unless muted. */
  notices(key: string): Observable<Notice> {
    return new Observable((subscriber) => {
      // Heard before it is said to be: what that makes the listener do is told as well.
      subscriber.add(
        this.#told.subscribe((message) => {
          if (message.key === undefined || message.key === key) subscriber.next(message.notice);
        }),
      );
      if (this.#tells) subscriber.next({ kind: 'listening' });
    });
  }

  /** The store's wall time in ms, precise to the µs. */
  get time(): number {
    return this.#server().micros / 1000;
  }

  /** The lease of `key` while it lasts; `expiresIn` in ms, Infinity for one without expiry. */
  lease(key: string): { id: string; expiresIn: number } | undefined {
    const now = Math.floor(this.time);
    const lease = liveLease(this.#entry(key), now);
    return lease && { id: lease.id, expiresIn: lease.expiresAt - now };
  }

  /** What is written down of the election `key`. */
  record(key: string): LeaseRecord | undefined {
    return this.#entry(key).record;
  }

  /** From now on requests fail with `failure` and change nothing. An `ElectionError` is made of a bare code. */
  fail(failure: ElectionErrorCode | Error): void {
    const error = typeof failure === 'string' ? new ElectionError(failure, `The store fails: ${failure}`) : failure;
    this.#fault = { kind: 'fail', error };
  }

  /** From now on requests are neither carried out nor answered. */
  hang(): void {
    this.#fault = { kind: 'hang' };
  }

  /** From now on requests are carried out and not answered. */
  loseReplies(): void {
    this.#fault = { kind: 'mute' };
  }

  /** From now on elections and releases go untold; who listens is told `deaf`. Requests are treated as before. */
  muteNotices(): void {
    if (!this.#tells) return;
    this.#tells = false;
    this.#tell({ notice: { kind: 'deaf' } });
  }

  /**
   * Ends `fail`, `hang`, `loseReplies` and `muteNotices`. What went unanswered or untold stays so; after the last, who listens is told
   * `listening`.
   */
  heal(): void {
    this.#fault = undefined;
    if (this.#tells) return;
    this.#tells = true;
    this.#tell({ notice: { kind: 'listening' } });
  }

  /** Everything is gone, as after `FLUSHALL`. */
  flush(): void {
    this.#entries.clear();
  }

  /** Loses one key of an election, as a full server that evicts does. */
  evict(key: string, what: 'lease' | 'record'): void {
    const { [what]: _, ...rest } = this.#entry(key);
    this.#entries.set(key, rest);
  }

  /** Comes back under a new run id, empty unless its data was kept. */
  restart({ keep = false }: { readonly keep?: boolean } = {}): void {
    this.#runs++;
    if (!keep) this.flush();
  }

  /** What is stored at present: as a replica has it that hears no more from now on. */
  copy(): StoreCopy {
    this.#expire();
    return { entries: new Map(this.#entries) };
  }

  /** A replica takes over, under a run id of its own, with what it knows: a {@link MemoryLeaseStore.copy} made earlier. */
  failOver(copy: StoreCopy): void {
    this.#runs++;
    this.#entries.clear();
    for (const [key, entry] of copy.entries) this.#entries.set(key, entry);
  }

  /** Steps the store's wall clock by `ms`, which may be negative. Leases end by that clock, and one that has expired stays expired. */
  stepClock(ms: number): void {
    this.#expire();
    this.#epoch += ms;
  }

  /** A holder that writes no record (go-leader), or, without `ttl`, something that is not a lease at all. */
  put(key: string, id: string, ttl = Number.POSITIVE_INFINITY): void {
    this.#entries.set(key, { ...this.#entry(key), lease: { id, expiresAt: Math.floor(this.time) + ttl } });
  }

  /** Deletes what has expired, as a server does by and by, whether anybody looks or not. */
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
    if (notice && this.#tells) this.#tell({ key, notice });
    return reply;
  }

  #tell(message: Message): void {
    if (this.#telling.push(message) > 1) return;
    for (let next = this.#telling[0]; next; next = this.#telling[0]) {
      this.#told.next(next);
      this.#telling.shift();
    }
  }

  /** One request: made on subscription, and once on its way not to be taken back. */
  #answer<Reply extends LeaseReply>(request: LeaseRequest, where?: Place): Observable<Reply> {
    return defer(() => {
      const execute = () => this.#execute(request, where) as Reply;
      if (this.#latency === 0) return this.#arrive(execute);
      const answer = new AsyncSubject<Reply>();
      const half = this.#latency / 2;
      timer(half, this.#scheduler).subscribe(() => {
        const arrived = this.#arrive(execute);
        timer(half, this.#scheduler).subscribe(() => arrived.subscribe(answer));
      });
      return answer;
    });
  }

  #arrive<Reply>(execute: () => Reply): Observable<Reply> {
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
