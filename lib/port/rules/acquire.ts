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

/** Takes the lease if it is free; lists who has to stand by for it. */
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
 * Further ahead than anyone would put it: the store's clock was set back. Lease and record
 * together, or the one is waited out after the other.
 */
function withoutExcess(entry: Entry, lease: Lease, latest: number, now: number): Entry {
  if (lease.expiresAt <= latest) return entry;
  const { record } = entry;
  return {
    lease: { ...lease, expiresAt: latest },
    ...(record && { record: record.until > latest ? dated(record, latest, now) : record }),
  };
}

/** A request that arrives twice is granted once: same token, fresh expiry. */
function grantAgain(entry: Entry, request: AcquireRequest, server: Server): Outcome<AcquireReply> {
  const { record } = entry;
  if (record?.id === request.id) return grant(record, request, record.token, record.run, server);
  return grant(record, request, nextToken(record, request, server), '', server);
}

/**
 * There is no lease. That it ran out or was given up is for the record to say; one that was lost
 * is not free.
 */
function claim(before: LeaseRecord | undefined, request: AcquireRequest, server: Server): Outcome<AcquireReply> {
  requireHome(server);
  const now = msOf(server);
  const mended = isLost(before, request, server) ? mend(before, request, server) : before;
  // An `until` further ahead than anyone would put it: the store's clock was set back.
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
 * Whether the store has lost what it knew: it runs anew, the candidate knows better, or nothing is
 * there at all.
 */
function isLost(record: LeaseRecord | undefined, request: AcquireRequest, { run }: Server): boolean {
  if (request.lastToken > (record?.token ?? 0)) return true;
  if (!record) return request.coldStart === 'wait';
  return run !== '' && record.run !== '' && record.run !== run;
}

/**
 * The record as if the lost holder had renewed this instant. One that stands mended already keeps
 * its time.
 */
function mend(record: LeaseRecord | undefined, request: AcquireRequest, server: Server): LeaseRecord {
  const stands = record !== undefined && record.id === '' && record.run === server.run;
  const before = record ?? NO_RECORD;
  const after = stands ? before : dated(before, msOf(server) + request.ttl, msOf(server));
  return { ...after, token: Math.max(after.token, request.lastToken), id: '', name: '', data: '', run: server.run };
}

/**
 * ms for which an absent lease is not free: by the store's clock and by the candidate's reckoning
 * of it, a ttl at most. An `until` that was written
 * while the store's clock was set back may pass early, when the clock is corrected, so that it is
 * watched for a whole ttl.
 */
function stillToWait({ until, at, peak }: LeaseRecord, { ttl, watched }: AcquireRequest, now: number): number {
  if (until === 0) return 0;
  // By a clock that was set back, the same `until` may be of another time.
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
