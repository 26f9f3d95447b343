/**
 * Elections: {@link elect}, {@link observe}, {@link whileLeader}, and the stores that they run on.
 *
 * @module rx-leader
 */
export type { Clock } from './clock/clock.js';
export { elect } from './election/elect.js';
export type { Candidate, Election, ResignOptions } from './election/election.js';
export { type ObserveOptions, observe } from './election/observe.js';
export type { ElectionOptions, StoreOptions } from './election/options.js';
export { type ReplicatedOptions, replicated } from './election/replicated.js';
export { whileLeader } from './election/while-leader.js';
export type { Cleanup, WorkResult } from './election/work-result.js';
export { ElectionError, type ElectionErrorCode, isElectionError } from './port/errors.js';
export type { Holder, LeaseStore } from './port/lease-store.js';
export { type QuorumOptions, quorum } from './quorum/quorum.js';
export type { RedisClient } from './redis/client.js';
export type { FollowerReason, Role, Term, Transition } from './stream/transition.js';
export type { WarningCode } from './util/warning.js';
