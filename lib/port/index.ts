/**
 * The types of a lease store, for those who write one.
 *
 * @module rx-leader/store
 */
import type {
  AcquireReply,
  AcquireRequest,
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
} from './lease-store.js';

export type {
  ColdStart,
  Holder,
  LeaseStore,
  Notice,
  RequestLimits,
  Sight,
  Standing,
  Watched,
} from './lease-store.js';

/** The request that each method of a `LeaseStore` takes. */
interface Requests {
  readonly acquire: AcquireRequest;
  readonly renew: RenewRequest;
  readonly release: ReleaseRequest;
  readonly read: ReadRequest;
  readonly withdraw: WithdrawRequest;
  readonly list: ListRequest;
}

/** The reply that each method of a `LeaseStore` gives. */
interface Replies {
  readonly acquire: AcquireReply;
  readonly renew: RenewReply;
  readonly release: ReleaseReply;
  readonly read: ReadReply;
  readonly withdraw: WithdrawReply;
  readonly list: ListReply;
}

/** The methods of a `LeaseStore` that take a request. `withdraw` and `list` are optional. */
export type LeaseVerb = keyof Requests;

/** The request of one method, such as `RequestOf<'acquire'>`. */
export type RequestOf<Verb extends LeaseVerb> = Requests[Verb];

/** The reply of one method, such as `ReplyTo<'acquire'>`: a union of its outcomes by `status`. */
export type ReplyTo<Verb extends LeaseVerb> = Replies[Verb];

/** Any request to a `LeaseStore`, by `verb`. */
export type LeaseRequest = RequestOf<LeaseVerb>;

/** Any reply of a `LeaseStore`, by `status`. */
export type LeaseReply = ReplyTo<LeaseVerb>;
