/**
 * The types for writing a lease store.
 *
 * @module rx-leader/store
 */
export type {
  ColdStart,
  Holder,
  LeaseReply,
  LeaseRequest,
  LeaseStore,
  LeaseVerb,
  Notice,
  ReplyTo,
  RequestLimits,
  RequestOf,
  Sight,
  Standing,
  Watched,
} from './lease-store.js';
export type { Candidates, Entry, Lease, LeaseRecord, Outcome, Server } from './rules/entry.js';
export { type Rule, type Rules, rules } from './rules.js';
