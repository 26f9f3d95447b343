import type {
  LeaseRequest,
  LeaseVerb,
  Notice,
  ReadReply,
  ReadRequest,
  ReleaseReply,
  ReleaseRequest,
  RenewReply,
  RenewRequest,
  ReplyTo,
  RequestOf,
} from './lease-store.js';
import { acquire } from './rules/acquire.js';
import { list, succession, withdraw, without } from './rules/candidates.js';
import {
  type Entry,
  expire,
  held,
  holderOf,
  isLate,
  msOf,
  NO_RECORD,
  type Outcome,
  requireHome,
  requireMaster,
  type Server,
  sight,
} from './rules/entry.js';

/** Extends the candidate's own lease. Restores the lease if the store has lost it. */
function renew(before: Entry, request: RenewRequest, server: Server): Outcome<RenewReply> {
  const now = msOf(server);
  const entry = expire(before, now);
  const { lease } = entry;
  const { record = NO_RECORD } = entry;
  const { id, token } = request;
  requireMaster(server);
  if (isLate(request, server)) return { entry, reply: { status: 'late', ...sight(entry, server) } };
  if (lease && lease.id !== id) {
    return { entry, reply: { status: 'lost', ...sight(entry, server), holder: holderOf(lease, entry.record, now) } };
  }
  const released = record.id === id && record.until === 0;
  if (!lease && (released || record.token > token)) {
    return { entry, reply: { status: 'lost', ...sight(entry, server) } };
  }
  if (!lease) requireHome(server);
  // Keep the run that the request names. A delayed request may come from an earlier run, which may
  // since have granted the lease to a candidate that this run does not know.
  const run = request.run || (lease ? '' : server.run);
  const after = { ...entry, ...held(record, request, Math.max(record.token, token), run, now) };
  return {
    entry: after,
    reply: { status: 'renewed', ...sight(after, server), ...(request.asksRun && { run: server.run }) },
  };
}

/** Releases the candidate's own lease. */
function release(before: Entry, request: ReleaseRequest, server: Server): Outcome<ReleaseReply> {
  const now = msOf(server);
  const { lease, record, candidates, ...others } = expire(before, now);
  const { id } = request;
  const holds = lease?.id === id;
  requireMaster(server);
  // If the reply to its last attempt was lost, a candidate releases under the id in the list.
  const listed = candidates && (holds ? candidates : without(candidates, (one) => one.id === id));
  const own = record?.id === id && record.until !== 0;
  const after: Entry = {
    ...(lease && !holds && { lease }),
    // This applies to an expired lease too: nobody needs to wait for a lease that was released.
    ...(record && { record: record.id === id ? { ...record, until: 0 } : record }),
    ...(listed && { candidates: listed }),
    ...others,
  };
  const free = request.absent !== undefined && record?.id === id;
  const reply: ReleaseReply = { status: 'gone', ...sight(after, server) };
  if (!holds && !own && !free) return { entry: after, reply };
  const { successor, isListed, rest } = succession(listed, request, now);
  const left = { ...after, ...(rest && { candidates: rest }) };
  const notice: Notice = { kind: 'released', id, ...(successor && { successor }) };
  if (!holds) return { entry: left, reply, notice };
  const told = request.quiet && isListed && successor !== undefined && { told: successor };
  return { entry: left, reply: { ...reply, status: 'released', ...told }, notice };
}

/** Returns the holder of the lease. */
function read(before: Entry, _: ReadRequest, server: Server): Outcome<ReadReply> {
  const now = msOf(server);
  const entry = expire(before, now);
  const { lease, record } = entry;
  if (!lease) return { entry, reply: { status: 'free', ...sight(entry, server) } };
  return { entry, reply: { status: 'held', ...sight(entry, server), holder: holderOf(lease, record, now) } };
}

/**
 * Computes how a store handles one request to `verb`.
 *
 * A rule is pure: it reads no clock and keeps no state. You can compute it again after a conflict.
 */
export type Rule<Verb extends LeaseVerb> = (
  entry: Entry,
  request: RequestOf<Verb>,
  server: Server,
) => Outcome<ReplyTo<Verb>>;

/** One {@link Rule} for each method of a `LeaseStore`. */
type RuleByVerb = { readonly [Verb in LeaseVerb]: Rule<Verb> };

/**
 * A {@link Rule} for each method of a `LeaseStore`.
 *
 * `answer` applies the rule that `request.verb` names.
 */
export interface Rules extends RuleByVerb {
  readonly answer: <Request extends LeaseRequest>(
    entry: Entry,
    request: Request,
    server: Server,
  ) => Outcome<ReplyTo<Request['verb']>>;
}

/**
 * The rules by which a store grants, extends and releases leases.
 *
 * Each rule returns what to store, to reply and to publish.
 *
 * Store `entry`, even after a refusal. Store it only if the stored entry has not changed since you
 * read it. Then publish `notice`, if there is one, and reply `reply`.
 *
 * A rule throws an `ElectionError` for a request that the store must refuse: `STORE_READONLY` at a
 * replica, `KEY_CONFLICT` in the wrong database or for a lease without expiry.
 *
 * @example
 * ```ts
 * import { type Entry, type RequestOf, rules } from 'rx-leader/store';
 *
 * const entries = new Map<string, Entry>();
 *
 * function acquire(request: RequestOf<'acquire'>) {
 *   const server = { micros: Date.now() * 1000, run: 'run 1' };
 *   const { entry, reply } = rules.acquire(entries.get(request.key) ?? {}, request, server);
 *   entries.set(request.key, entry);
 *   return Promise.resolve(reply);
 * }
 * ```
 */
export const rules: Rules = {
  acquire,
  renew,
  release,
  read,
  withdraw,
  list,
  answer: (entry, request, server) => {
    const rule: unknown = rules[request.verb];
    return (rule as (...of: readonly [Entry, LeaseRequest, Server]) => Outcome<never>)(entry, request, server);
  },
};
