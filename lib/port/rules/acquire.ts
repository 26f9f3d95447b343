import type { AcquireReply, AcquireRequest, Granted, Notice } from '../lease-store.js';
import { CLOCK_AHEAD_TTLS } from '../limits.js';
import { isSame, standBy, without } from './candidates.js';
import {
  dated,
  type Entry,
  expire,
  held,
  holderOf,
  isLate,
  type Lease,
  type LeaseRecord,
  msOf,
  NO_RECORD,
  type Outcome,
  requireHome,
  requireMaster,
  type Server,
  sight,
  withoutExpiry,
} from './entry.js';

/** Grants the lease if it is free. Otherwise lists the candidate as standing by. */
export function acquire(before: Entry, request: AcquireRequest, server: Server): Outcome<AcquireReply> {
  requireMaster(server);
  const { candidates, ...entry } = expire(before, msOf(server));
  const outcome = take(entry, request, server);
  const { status } = outcome.reply;
  const isListed = status === 'held' || status === 'suspect';
  const now = msOf(server);
  const listed = isListed ? standBy(candidates, request, now) : candidates;
  const isGranted = status === 'granted' && outcome.notice !== undefined;
  const after = isGranted && listed ? without(listed, (one) => isSame(one, request)) : listed;
  return { ...outcome, entry: { ...outcome.entry, ...(after && { candidates: after }) } };
}

function take(entry: Entry, request: AcquireRequest, server: Server): Outcome<AcquireReply> {
  const now = msOf(server);
  const { lease } = entry;
  if (isLate(request, server)) return { entry, reply: { status: 'late', ...sight(entry, server) } };
  if (lease?.id === request.id) return grantAgain(entry, request, server);
  if (lease === undefined) return claim(entry.record, request, server);
  const after = withoutExpiry(lease) ? entry : withoutExcess(entry, lease, now + request.ttl, now);
  const holder = holderOf(after.lease ?? lease, after.record, now);
  const reply = { status: 'held', ...sight(after, server), holder } as const;
  if (after === entry) return { entry, reply };
  const cut = holderOf(lease, entry.record, now).expiresIn;
  return { entry: after, reply: { ...reply, cut }, notice: { kind: 'cut', id: lease.id } };
}

/**
 * Cuts an expiry that lies further ahead than any candidate sets it: the clock was set back.
 *
 * Cuts lease and record together. Otherwise candidates would wait for one after the other.
 */
function withoutExcess(entry: Entry, lease: Lease, latest: number, now: number): Entry {
  if (lease.expiresAt <= latest) return entry;
  const { record } = entry;
  return {
    lease: { ...lease, expiresAt: latest },
    ...(record && { record: record.until > latest ? dated(record, latest, now) : record }),
  };
}

/** Grants a repeated request once: the token stays, and the expiry is renewed. */
function grantAgain(entry: Entry, request: AcquireRequest, server: Server): Outcome<AcquireReply> {
  const { record } = entry;
  if (record?.id === request.id) return grant(record, request, record.token, record.run, server);
  return grant(record, request, nextToken(record, request, server), '', server);
}

/**
 * Handles an acquire while there is no lease.
 *
 * The record shows whether the lease expired or was released. A lost lease is not free.
 */
function claim(before: LeaseRecord | undefined, request: AcquireRequest, server: Server): Outcome<AcquireReply> {
  requireHome(server);
  const now = msOf(server);
  const mended = isLost(before, request, server) ? mend(before, request, server) : before;
  // No candidate sets `until` further ahead than this: the store's clock was set back.
  const isExcessive = mended !== undefined && mended.until > now + request.ttl;
  const record = isExcessive ? dated(mended, now + request.ttl, now) : mended;
  const wait = record ? stillToWait(record, request, now) : 0;
  if (record && wait > 0) {
    const after = { record };
    return { entry: after, reply: { status: 'suspect', ...sight(after, server), wait: Math.ceil(wait) } };
  }
  const outcome = grant(record, request, nextToken(record, request, server), server.run, server);
  return { ...outcome, notice: elected(request, outcome.reply) };
}

const elected = ({ id, name, data, ttl }: AcquireRequest, { token }: Granted): Notice => ({
  kind: 'elected',
  holder: { id, ...(name && { name }), ...(data && { data }), token, expiresIn: ttl },
});

/**
 * Whether the store has lost data.
 *
 * It has if its run changed, if the candidate knows a higher token, or if no record exists.
 */
function isLost(record: LeaseRecord | undefined, request: AcquireRequest, { run }: Server): boolean {
  if (request.lastToken > (record?.token ?? 0)) return true;
  if (!record) return request.coldStart === 'wait';
  return run !== '' && record.run !== '' && record.run !== run;
}

/**
 * Returns the record as if the lost holder had just renewed.
 *
 * A record that was already mended in this run keeps its time.
 */
function mend(record: LeaseRecord | undefined, request: AcquireRequest, server: Server): LeaseRecord {
  const stands = record !== undefined && record.id === '' && record.run === server.run;
  const before = record ?? NO_RECORD;
  const after = stands ? before : dated(before, msOf(server) + request.ttl, msOf(server));
  return { ...after, token: Math.max(after.token, request.lastToken), id: '', name: '', data: '', run: server.run };
}

/**
 * Returns the ms for which an absent lease is not free yet, at most `ttl`.
 *
 * Both the store's clock and the candidate's estimate of that clock must pass `until`. An `until`
 * that was written while the store's clock was behind may pass early, once the clock is corrected.
 * The candidate therefore watches such an `until` for a whole `ttl`.
 */
function stillToWait({ until, at, peak }: LeaseRecord, { ttl, watched }: AcquireRequest, now: number): number {
  if (until === 0) return 0;
  // After the clock was set back, an equal `until` may come from another write.
  const age = watched?.until === until && watched.time <= now + CLOCK_AHEAD_TTLS * ttl ? watched.age : 0;
  if (at < peak) return ttl - age;
  return Math.min(until - Math.min(now, watched?.time ?? now), ttl - age);
}

const nextToken = (record: LeaseRecord | undefined, { lastToken }: AcquireRequest, { micros }: Server): number =>
  Math.max((record?.token ?? 0) + 1, micros, lastToken + 1);

function grant(
  before: LeaseRecord | undefined,
  request: AcquireRequest,
  token: number,
  run: string,
  server: Server,
): Outcome<Granted> {
  const entry = held(before, request, token, run, msOf(server));
  return { entry, reply: { status: 'granted', ...sight(entry, server), token, ...(run && { run }) } };
}
