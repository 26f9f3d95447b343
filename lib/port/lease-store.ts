import type { Observable, ObservableInput } from 'rxjs';

/**
 * Where leases live. The election drives one of these and knows nothing else of the outside world; the library ships one
 * for Redis, and any other must keep the same promises.
 *
 * Each method is one request, made when its result is subscribed, and answers with one reply. It fails with an
 * `ElectionError` (any other error is taken for `STORE_REPLY`). The election bounds every request by `request.timeout` itself
 * and unsubscribes; a request that has not left the process by then must not leave it later. Methods return
 * `ObservableInput`, not promises alone, because promises do not settle inside RxJS's virtual time.
 */
export interface LeaseStore {
  /** Takes the lease if it is free. */
  acquire(request: AcquireRequest): ObservableInput<AcquireReply>;
  /** Extends the lease that `request.id` holds to `ttl` from now; on nobody else's behalf. */
  renew(request: RenewRequest): ObservableInput<RenewReply>;
  /** Gives the lease up if `request.id` holds it. */
  release(request: ReleaseRequest): ObservableInput<ReleaseReply>;
  /** Looks who holds the lease, and changes nothing. */
  read(request: ReadRequest): ObservableInput<ReadReply>;
  /** Forgets that a candidate stands by. Optional: without it, the store forgets those who have not asked for long, or lists none. */
  withdraw?(request: WithdrawRequest): ObservableInput<WithdrawReply>;
  /** Tells who stands by, and changes nothing. Optional: without it, `election.candidates()` is not to be had. */
  list?(request: ListRequest): ObservableInput<ListReply>;
  /**
   * Tells what happens to the election `key`, and to the store, for as long as it is subscribed. A notice may hasten an attempt and
   * never grants anything, so that a lost or forged one costs time at most. Optional: without it, timers do.
   */
  notices?(key: string): Observable<Notice>;
  /**
   * Returns the store as one election or one observer is to use it.
   *
   * `limits` are those of the election's requests; an observer gives none. Throws `INVALID_OPTION` for limits that the store
   * cannot keep. Optional: for a store that keeps something for each election, as a quorum does. Without it they share this store.
   */
  forElection?(limits?: RequestLimits): LeaseStore;
}

/** What bounds the requests of one election. */
export interface RequestLimits {
  /** ms after which the election stops waiting for an answer: its option `timeout`. */
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
  /** ms after which the election stops waiting for the answer. */
  readonly timeout: number;
}

export interface AcquireRequest extends RequestBase {
  readonly verb: 'acquire';
  /** The id of this attempt: the lease's value once granted. A repeat of the same request must not be a second grant. */
  readonly id: string;
  /** ms the lease lasts unless renewed. */
  readonly ttl: number;
  /** Human label of the candidate. */
  readonly name: string;
  /** What followers may need of the leader. */
  readonly data?: string;
  /** The highest fencing token this candidate has seen, 0 if none: a grant's token is above it. */
  readonly lastToken: number;
  /** Store time in ms after which the request must grant nothing; absent while the store's time is unknown. */
  readonly notAfter?: number;
  /** Whether a store without any record of this election is taken for new (`'elect'`) or for emptied (`'wait'`). */
  readonly coldStart: ColdStart;
  /** What this candidate knows of the store's time and of the record's `until` by its own clock; absent before it has heard of either. */
  readonly watched?: Watched;
  /** Whether this candidate is told of releases at present, so that one may name it as the successor. */
  readonly hears?: boolean;
}

export interface RenewRequest extends RequestBase {
  readonly verb: 'renew';
  /** The lease's value, as granted. */
  readonly id: string;
  /** The term's fencing token. */
  readonly token: number;
  /** As in the {@link Granted} reply of this term, or in a later {@link Renewed} one. */
  readonly run?: string;
  /** Whether to tell the store's present run: it may be another since. (A store is free to tell it unasked.) */
  readonly asksRun?: true;
  /** ms the lease lasts from this renewal on. */
  readonly ttl: number;
  readonly name: string;
  readonly data?: string;
  /** Store time in ms after which the request must change nothing; absent while the store's time is unknown. */
  readonly notAfter?: number;
}

export interface ReleaseRequest extends RequestBase {
  readonly verb: 'release';
  readonly id: string;
  /**
   * The id or the name of the candidate that is to be named as the successor: an id that is listed comes first, then of all candidates
   * with that name the one that is told of releases and asked last. Without it the store chooses one, if it knows of any.
   */
  readonly successor?: string;
  /**
   * Whether the store may tell nobody but the successor: the election then waits to hear of the next leader, and has everyone told if it
   * does not.
   */
  readonly quiet?: boolean;
  /** The id of the candidate that alone was told of this release, and has not come: everyone is told, and another one named. */
  readonly absent?: string;
}

/** A candidate that was refused the lease does not stand by for it any more. */
export interface WithdrawRequest extends RequestBase {
  readonly verb: 'withdraw';
  /** As in the attempt that was refused, like `name` and `data`. */
  readonly id: string;
  readonly name: string;
  readonly data?: string;
}

export interface ReadRequest extends RequestBase {
  readonly verb: 'read';
}

export interface ListRequest extends RequestBase {
  readonly verb: 'list';
  /** ms of a lease: who has not asked for it for much longer does not stand any more. */
  readonly ttl: number;
}

/** `'elect'` or `'wait'`: see the option of the same name. */
export type ColdStart = 'elect' | 'wait';

/** A candidate's own reckoning of the store's time, and its watch over one value of the record's `until`. */
export interface Watched {
  /** The `until` that was seen last, in store ms; 0 if there was none. */
  readonly until: number;
  /**
   * Store time now, in ms, by the candidate's own reckoning from earlier replies: the lowest since the one before this `until` was first
   * seen. It holds for an `until` that has not been seen, too: a store whose clock is set forward frees no lease by that.
   */
  readonly time: number;
  /** ms for which this candidate has known this very `until`. */
  readonly age: number;
}

/** Who holds the lease. */
export interface Holder {
  /** The lease's value, unique to the term. */
  readonly id: string;
  /** The holder's label; absent for a holder that writes no record (go-leader). */
  readonly name?: string;
  /** What the holder wants followers to know, such as its URL. */
  readonly data?: string;
  /** The term's fencing token; absent for a holder that writes no record. */
  readonly token?: number;
  /** ms until the lease runs out unless renewed, as of the moment this was told. */
  readonly expiresIn: number;
}

/** What every reply may tell besides its answer. */
export interface Sight {
  /** The store's clock when it answered, in ms; may be fractional. */
  readonly time?: number;
  /** The highest fencing token on record. */
  readonly token?: number;
  /** The record's `until`: store time in ms before which a lease that has vanished is not free; 0 after a release. */
  readonly until?: number;
}

export interface Granted extends Sight {
  readonly status: 'granted';
  /** The term's fencing token: above every token granted before under this key. */
  readonly token: number;
  /** Opaque to the election, which hands it back with each renewal: the server run that granted. */
  readonly run?: string;
}

/** Somebody else has the lease. */
export interface Held extends Sight {
  readonly status: 'held';
  readonly holder: Holder;
  /** ms that were left of the lease before this request has cut it to its own ttl; absent where it was not longer than that. */
  readonly cut?: number;
}

/** The lease is absent, but may have been lost by the store under a living leader: not free for `wait` ms. */
export interface Suspect extends Sight {
  readonly status: 'suspect';
  readonly wait: number;
}

/** The request reached the store after its `notAfter`: nothing was changed. */
export interface Late extends Sight {
  readonly status: 'late';
}

export interface Renewed extends Sight {
  readonly status: 'renewed';
  /** The store's present run, as far as it knows one, where that was asked for. */
  readonly run?: string;
}

/** The lease is not the candidate's any more. */
export interface Lost extends Sight {
  readonly status: 'lost';
  readonly holder?: Holder;
}

export interface Released extends Sight {
  readonly status: 'released';
  /** The id of the only candidate that was told; absent where everyone was. */
  readonly told?: string;
}

/** There was no lease of this id to release. */
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

/** Who stands by: who asked last comes first. */
export interface Listed extends Sight {
  readonly status: 'listed';
  readonly candidates: readonly Standing[];
}

/** A candidate that was refused the lease, and asks for it again and again. */
export interface Standing {
  /** The id that it will acquire the lease under. */
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
 * What a store may tell by itself, told apart by `kind`. None of it is a promise: notices get lost, and anyone who may publish can forge
 * them. They are a reason to look, and what is seen then decides.
 */
export type Notice =
  /** The store can be reached again, and what happened meanwhile is unknown. */
  | { readonly kind: 'connected' }
  /**
   * From now on elections and releases are told; what there has been before may have gone untold. Told at once to whoever subscribes
   * while it is so, and again after each `deaf`; maybe at other times, too.
   */
  | { readonly kind: 'listening' }
  /** Elections and releases are not told any more, until the next `listening`. */
  | { readonly kind: 'deaf' }
  /** The lease was granted, and no renewal is told: `holder.expiresIn` is the whole ttl. */
  | { readonly kind: 'elected'; readonly holder: Holder }
  /** The holder of this `id` has given its lease up; `successor` is the id of the one who is to acquire next, if one was chosen. */
  | { readonly kind: 'released'; readonly id: string; readonly successor?: string }
  /** The lease of this `id` was cut to the shorter ttl of another candidate: its holder renews it, or would believe in it for longer than it lasts. */
  | { readonly kind: 'cut'; readonly id: string };

/** What tells of a release. */
export type ReleaseNotice = Extract<Notice, { readonly kind: 'released' }>;
/** What tells of a cut. */
export type CutNotice = Extract<Notice, { readonly kind: 'cut' }>;
