import type { Observable, ObservableInput } from 'rxjs';

/**
 * Stores leases: the only outside world that an election knows.
 *
 * The library ships stores for Redis. A custom store must keep the promises that `leaseStoreSuite`
 * from `rx-leader/testing` checks.
 *
 * Each method makes one request when its result is subscribed, and emits one reply. It fails with
 * an `ElectionError`; any other error counts as `STORE_REPLY`.
 * The election limits each request to `request.timeout` and then unsubscribes. A request that has
 * not left the process by then must not leave it later.
 *
 * Methods return `ObservableInput` because promises do not settle inside RxJS's virtual time.
 */
export interface LeaseStore {
  /** Acquires the lease if it is free. */
  acquire(request: AcquireRequest): ObservableInput<AcquireReply>;
  /** Extends the lease to `ttl` from now, only if `request.id` holds it. */
  renew(request: RenewRequest): ObservableInput<RenewReply>;
  /** Releases the lease if `request.id` holds it. */
  release(request: ReleaseRequest): ObservableInput<ReleaseReply>;
  /** Reads who holds the lease, and changes nothing. */
  read(request: ReadRequest): ObservableInput<ReadReply>;
  /**
   * Removes a candidate from the list of standing candidates.
   * Optional: without it, the store drops candidates that have not asked for long, or lists none.
   */
  withdraw?(request: WithdrawRequest): ObservableInput<WithdrawReply>;
  /**
   * Lists the standing candidates, and changes nothing.
   * Optional: without it, `election.candidates()` rejects.
   */
  list?(request: ListRequest): ObservableInput<ListReply>;
  /**
   * Emits events of the election `key` and of the store while it is subscribed.
   *
   * A notice can trigger an earlier attempt but never grants anything. A lost or forged notice
   * therefore costs only time.
   * Optional: without it, candidates rely on timers.
   */
  notices?(key: string): Observable<Notice>;
  /**
   * Returns the store for one election or one observer.
   *
   * `limits` are the limits of the election's requests; an observer passes none. Throws
   * `INVALID_OPTION` for limits that the store cannot keep.
   * Optional: implement it if the store keeps state for each election, as a quorum does. Without
   * it, all elections share this store.
   */
  forElection?(limits?: RequestLimits): LeaseStore;
}

/** The limits of one election's requests. */
export interface RequestLimits {
  /** ms after which the election stops waiting for a reply: its option `timeout`. */
  readonly timeout: number;
}

/** The request that each method of a {@link LeaseStore} takes. */
interface Requests {
  readonly acquire: AcquireRequest;
  readonly renew: RenewRequest;
  readonly release: ReleaseRequest;
  readonly read: ReadRequest;
  readonly withdraw: WithdrawRequest;
  readonly list: ListRequest;
}

/** The reply that each method of a {@link LeaseStore} gives. */
interface Replies {
  readonly acquire: AcquireReply;
  readonly renew: RenewReply;
  readonly release: ReleaseReply;
  readonly read: ReadReply;
  readonly withdraw: WithdrawReply;
  readonly list: ListReply;
}

/** The methods of a {@link LeaseStore} that take a request. `withdraw` and `list` are optional. */
export type LeaseVerb = keyof Requests;

/** The request of one method, such as `RequestOf<'acquire'>`. */
export type RequestOf<Verb extends LeaseVerb> = Requests[Verb];

/** The reply of one method, such as `ReplyTo<'acquire'>`: a union of its outcomes by `status`. */
export type ReplyTo<Verb extends LeaseVerb> = Replies[Verb];

/** Any request to a {@link LeaseStore}, by `verb`. */
export type LeaseRequest = RequestOf<LeaseVerb>;

/** Any reply of a {@link LeaseStore}, by `status`. */
export type LeaseReply = ReplyTo<LeaseVerb>;

type CandidateVerb = Exclude<LeaseVerb, 'list'>;

/** A request that the state machine of a candidate makes. */
export type CandidateRequest = RequestOf<CandidateVerb>;

/** A reply to a {@link CandidateRequest}. */
export type CandidateReply = ReplyTo<CandidateVerb>;

interface RequestBase {
  /** The election's name, as the user gave it. */
  readonly key: string;
  /** ms after which the election stops waiting for the reply. */
  readonly timeout: number;
}

export interface AcquireRequest extends RequestBase {
  readonly verb: 'acquire';
  /**
   * The id of this attempt, which becomes the lease's value.
   * A repeat of the same request must not create a second grant.
   */
  readonly id: string;
  /** ms that the lease lasts unless it is renewed. */
  readonly ttl: number;
  /** The candidate's label for humans. */
  readonly name: string;
  /** What followers may need to know of the leader. */
  readonly data?: string;
  /**
   * The highest fencing token that this candidate has seen; 0 if none. A grant's token is above it.
   */
  readonly lastToken: number;
  /**
   * Store time in ms after which the request must grant nothing. Absent while the store's time is
   * unknown.
   */
  readonly notAfter?: number;
  /**
   * What a store without any record of this election means: new (`'elect'`) or emptied (`'wait'`).
   */
  readonly coldStart: ColdStart;
  /**
   * What this candidate knows of the store's time and of the record's `until`. Absent while it
   * knows neither.
   */
  readonly watched?: Watched;
  /**
   * Whether this candidate currently receives notices of releases, so that a release can name it as
   * the successor.
   */
  readonly hears?: boolean;
}

export interface RenewRequest extends RequestBase {
  readonly verb: 'renew';
  /** The lease's value, as granted. */
  readonly id: string;
  /** The term's fencing token. */
  readonly token: number;
  /** The `run` of this term's {@link Granted} reply, or of a later {@link Renewed} reply. */
  readonly run?: string;
  /**
   * Whether the reply must contain the store's current run, which may have changed. A store may
   * always include it.
   */
  readonly asksRun?: true;
  /** ms that the lease lasts from this renewal on. */
  readonly ttl: number;
  readonly name: string;
  readonly data?: string;
  /**
   * Store time in ms after which the request must change nothing. Absent while the store's time is
   * unknown.
   */
  readonly notAfter?: number;
}

export interface ReleaseRequest extends RequestBase {
  readonly verb: 'release';
  readonly id: string;
  /**
   * The id or the name of the candidate that the store names as the successor.
   *
   * A listed id wins over a name. Among candidates with the same name, the store names the latest
   * one that receives notices of releases.
   * Without a wish, the store chooses a successor if it knows any candidate.
   */
  readonly successor?: string;
  /**
   * Whether the store may notify only the successor.
   * The election then waits for the next leader, and asks the store to notify everyone if none
   * appears.
   */
  readonly quiet?: boolean;
  /**
   * The id of the successor that alone was notified and did not acquire.
   * The store now notifies everyone and names another successor.
   */
  readonly absent?: string;
}

/** Removes a refused candidate that no longer stands for election. */
export interface WithdrawRequest extends RequestBase {
  readonly verb: 'withdraw';
  /** The id of the refused attempt. `name` and `data` must equal those of the attempt. */
  readonly id: string;
  readonly name: string;
  readonly data?: string;
}

export interface ReadRequest extends RequestBase {
  readonly verb: 'read';
}

export interface ListRequest extends RequestBase {
  readonly verb: 'list';
  /** ms that a lease lasts. A candidate that has not asked for much longer no longer stands. */
  readonly ttl: number;
}

/** `'elect'` or `'wait'`: see the option of the same name. */
export type ColdStart = 'elect' | 'wait';

/** A candidate's estimate of the store's time, and how long it has watched one value of `until`. */
export interface Watched {
  /** The last `until` that the candidate saw, in store ms; 0 if there was none. */
  readonly until: number;
  /**
   * Store time now in ms, estimated from earlier replies.
   *
   * It is the lowest estimate since the `until` before this one was first seen. It also applies to
   * an `until` that the candidate has not seen.
   * A store whose clock is set forward therefore does not free a lease early.
   */
  readonly time: number;
  /** ms for which this candidate has known this exact `until`. */
  readonly age: number;
}

/** The holder of the lease. */
export interface Holder {
  /** The lease's value, unique to the term. */
  readonly id: string;
  /** The holder's label. Absent for a holder that writes no record (go-leader). */
  readonly name?: string;
  /** What the holder publishes for followers, such as its URL. */
  readonly data?: string;
  /** The term's fencing token. Absent for a holder that writes no record. */
  readonly token?: number;
  /** ms until the lease expires unless it is renewed, at the moment of the reply or the notice. */
  readonly expiresIn: number;
}

/** The state of the store that any reply may include. */
export interface Sight {
  /** The store's clock at the reply, in ms. May be fractional. */
  readonly time?: number;
  /** The highest fencing token on record. */
  readonly token?: number;
  /**
   * The record's `until`: store time in ms before which a vanished lease is not free. 0 after a
   * release.
   */
  readonly until?: number;
}

export interface Granted extends Sight {
  readonly status: 'granted';
  /** The term's fencing token: above every token granted before under this key. */
  readonly token: number;
  /** The server run that granted. Opaque to the election, which returns it with each renewal. */
  readonly run?: string;
}

/** Another candidate holds the lease. */
export interface Held extends Sight {
  readonly status: 'held';
  readonly holder: Holder;
  /**
   * ms that were left of the lease before this request shortened it to its own ttl. Absent if the
   * lease was not longer.
   */
  readonly cut?: number;
}

/**
 * The lease is absent, but the store may have lost it under a live leader. It is not free for
 * `wait` ms.
 */
export interface Suspect extends Sight {
  readonly status: 'suspect';
  readonly wait: number;
}

/** The request reached the store after its `notAfter`. It changed nothing. */
export interface Late extends Sight {
  readonly status: 'late';
}

export interface Renewed extends Sight {
  readonly status: 'renewed';
  /** The store's current run, if the request asked for it and the store knows it. */
  readonly run?: string;
}

/** The candidate no longer holds the lease. */
export interface Lost extends Sight {
  readonly status: 'lost';
  readonly holder?: Holder;
}

export interface Released extends Sight {
  readonly status: 'released';
  /** The id of the only candidate that was notified. Absent if everyone was notified. */
  readonly told?: string;
}

/** The store had no lease with this id to release. */
export interface Gone extends Sight {
  readonly status: 'gone';
}

/** Nobody holds the lease. */
export interface Free extends Sight {
  readonly status: 'free';
}

export interface Withdrawn extends Sight {
  readonly status: 'withdrawn';
}

/** The standing candidates, latest attempt first. */
export interface Listed extends Sight {
  readonly status: 'listed';
  readonly candidates: readonly Standing[];
}

/** A candidate that was refused the lease and keeps asking for it. */
export interface Standing {
  /** The id under which it will acquire the lease. */
  readonly id: string;
  readonly name?: string;
  readonly data?: string;
  /** Store time in ms of its last attempt. */
  readonly lastSeen: number;
}

export type AcquireReply = Granted | Held | Suspect | Late;
export type RenewReply = Renewed | Lost | Late;
export type ReleaseReply = Released | Gone;
export type ReadReply = Held | Free;
export type WithdrawReply = Withdrawn;
export type ListReply = Listed;

/**
 * An event that a store may publish, discriminated by `kind`.
 *
 * Notices are no promise: they can be lost, and anyone with permission to publish can forge them.
 * They trigger a request, and the reply to that request decides.
 */
export type Notice =
  /** The store can be reached again. Events in between are unknown. */
  | { readonly kind: 'connected' }
  /**
   * The subscription now receives elections and releases. Earlier ones may have been missed.
   *
   * Emitted at once on subscription if the store is already listening, and again after each `deaf`.
   * It may also be emitted at other times.
   */
  | { readonly kind: 'listening' }
  /** The subscription receives no elections and releases until the next `listening`. */
  | { readonly kind: 'deaf' }
  /** The lease was granted. Renewals are not published, so `holder.expiresIn` is the whole ttl. */
  | { readonly kind: 'elected'; readonly holder: Holder }
  /**
   * The holder with this `id` has released its lease. `successor` is the id of the candidate that
   * acquires next, if one was chosen.
   */
  | { readonly kind: 'released'; readonly id: string; readonly successor?: string }
  /**
   * The lease with this `id` was shortened to another candidate's ttl.
   * Its holder must renew now, or it would rely on the lease for longer than it lasts.
   */
  | { readonly kind: 'cut'; readonly id: string };

/** A notice of a release. */
export type ReleaseNotice = Extract<Notice, { readonly kind: 'released' }>;
/** A notice of a shortened lease. */
export type CutNotice = Extract<Notice, { readonly kind: 'cut' }>;
