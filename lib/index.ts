export { elect } from './elect.js';
export type { Candidate, Election, ResignOptions } from './election.js';
export { ElectionError, type ElectionErrorCode, isElectionError } from './errors.js';
export { type ObserveOptions, observe } from './observe.js';
export { whileLeader } from './operators/while-leader.js';
export type { ElectionOptions, ReplicaOptions, StoreOptions } from './options.js';
export { type QuorumOptions, quorum } from './quorum.js';
export type {
  AcquireReply,
  AcquireRequest,
  ColdStart,
  Free,
  Gone,
  Granted,
  Held,
  Holder,
  Late,
  LeaseReply,
  LeaseRequest,
  LeaseStore,
  Listed,
  ListReply,
  ListRequest,
  Lost,
  Notice,
  ReadReply,
  ReadRequest,
  Released,
  ReleaseReply,
  ReleaseRequest,
  Renewed,
  RenewReply,
  RenewRequest,
  Sight,
  Standing,
  Suspect,
  Watched,
  Withdrawn,
  WithdrawReply,
  WithdrawRequest,
} from './store/lease-store.js';
export type { RedisClient } from './store/redis/client.js';
export type { Clock } from './stream/clock.js';
export type { FollowerReason, Role, Term, Transition } from './stream/transition.js';
export type { WarningCode } from './warning.js';
