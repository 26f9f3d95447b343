import { ElectionError } from './errors.js';
import type {
  AcquireReply,
  AcquireRequest,
  Granted,
  Holder,
  LeaseReply,
  ListReply,
  ListRequest,
  Notice,
  ReadReply,
  ReleaseReply,
  ReleaseRequest,
  RenewReply,
  RenewRequest,
  Sight,
  Standing,
  StoreRequest,
  WithdrawReply,
  WithdrawRequest,
} from './lease-store.js';
import { CANDIDATES_MAX, CLOCK_AHEAD_TTLS, LISTED_TTLS, SUCCESSOR_SEARCH } from './limits.js';

/** The exclusive claim, as the store keeps it. */
export interface Lease {
  readonly id: string;
  /** Store ms after which it is gone; Infinity for one without expiry, which no candidate puts there. */
  readonly expiresAt: number;
}

/** What is written down beside the lease, and outlives it. */
export interface LeaseRecord {
  /** The highest fencing token granted. */
  readonly token: number;
  /** Of the last term; empty where a loss was mended. */
  readonly id: string;
  readonly name: string;
  readonly data: string;
  /** The server run that last granted or mended. */
  readonly run: string;
  /** Store ms before which a lease that has vanished is not free; 0 after a release. */
  readonly until: number;
  /** Store ms at which that was written. */
  readonly at: number;
  /** The latest `at` before one that was written while the store's clock was behind it; 0 if there was none. */
  readonly peak: number;
}

/** Who stands by, as the store keeps it. */
export interface Candidates {
  /** Who asked last comes first. */
  readonly list: ReadonlyArray<Standing & { readonly hears: boolean }>;
  /** Store ms after which all of it is gone. */
  readonly expiresAt: number;
}

/** All the store keeps of one election. */
export interface Entry {
  readonly lease?: Lease;
  readonly record?: LeaseRecord;
  readonly candidates?: Candidates;
}

/** The store's own circumstances at a request. */
export interface Server {
  /** Its wall clock, in whole µs. */
  readonly micros: number;
  /** Names its present run. */
  readonly run: string;
  /** Whether it is a replica, which refuses to write. */
  readonly isReplica?: boolean;
  /** Whether the request comes to another database than the one in which its sender knows the election to be. */
  readonly isElsewhere?: boolean;
}

/** The answer to any request. */
export type StoreReply = LeaseReply | ListReply | WithdrawReply;

/** What a request leaves behind, and its answer. */
export interface Outcome<Reply> {
  readonly entry: Entry;
  readonly reply: Reply;
  /** What those who listen are told of it. */
  readonly notice?: Notice;
}

const NO_RECORD: LeaseRecord = { token: 0, id: '', name: '', data: '', run: '', until: 0, at: 0, peak: 0 };

/** A replica answers reads alone. */
function requireMaster({ isReplica = false }: Server): void {
  if (isReplica) throw new ElectionError('STORE_READONLY', 'The store is a replica, which refuses to write');
}

/** No lease is set in a database where the election is not: it would be there a second time. */
function requireHome({ isElsewhere = false }: Server): void {
  if (isElsewhere) throw new ElectionError('KEY_CONFLICT', 'The election is in another database');
}

const msOf = ({ micros }: Server): number => Math.floor(micros / 1000);

const lasts = ({ expiresAt }: { readonly expiresAt: number }, now: number): boolean => now <= expiresAt;

/** The lease of `entry` while it lasts, its last millisecond included. */
export const liveLease = ({ lease }: Entry, now: number): Lease | undefined =>
  lease && lasts(lease, now) ? lease : undefined;

/** `entry` without what has expired at store ms `now`. A store deletes that for good: a clock that is set back does not bring it back. */
export function expire(entry: Entry, now: number): Entry {
  const { lease, candidates, ...others } = entry;
  if ((!lease || lasts(lease, now)) && (!candidates || lasts(candidates, now))) return entry;
  return {
    ...others,
    ...(lease && lasts(lease, now) && { lease }),
    ...(candidates && lasts(candidates, now) && { candidates }),
  };
}

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

const isSame = (one: Standing, { id, name, data = '' }: AcquireRequest | WithdrawRequest): boolean =>
  one.id === id && (one.name ?? '') === name && (one.data ?? '') === data;

/** The list without whom it is too long ago, or by a clock that was set back since yet to come; and with who asks. */
function standBy(before: Candidates | undefined, request: AcquireRequest, now: number): Candidates {
  const { id, name, data, ttl, hears = false } = request;
  const others = fresh(before, ttl, now).filter((one) => !isSame(one, request) && one.lastSeen <= now);
  const own = { id, ...(name && { name }), ...(data && { data }), lastSeen: now, hears };
  return { list: [own, ...others].sort(latestFirst), expiresAt: now + 2 * ttl };
}

type Entrant = Candidates['list'][number];

/** As the sorted set has them. */
const memberOf = ({ id, name = '', data = '' }: Standing): string => JSON.stringify({ id, name, data, inbox: '' });

const scoreOf = ({ lastSeen, hears }: Entrant): number => lastSeen + (hears ? 0 : 0.5);

const latestFirst = (a: Entrant, b: Entrant): number => scoreOf(b) - scoreOf(a) || (memberOf(a) < memberOf(b) ? 1 : -1);

const standing = (candidates: Candidates | undefined, now: number): readonly Entrant[] =>
  candidates && lasts(candidates, now) ? candidates.list : [];

/** Of those, who has asked lately enough to stand by still. */
const fresh = (candidates: Candidates | undefined, ttl: number, now: number): readonly Entrant[] =>
  standing(candidates, now).filter((one) => scoreOf(one) >= Math.floor(now - LISTED_TTLS * ttl));

const without = (candidates: Candidates, isMeant: (one: Entrant) => boolean): Candidates => ({
  ...candidates,
  list: candidates.list.filter((one) => !isMeant(one)),
});

/** Tells who stands by. */
export function list(before: Entry, { ttl }: ListRequest, server: Server): Outcome<ListReply> {
  const now = msOf(server);
  const entry = expire(before, now);
  const told = fresh(entry.candidates, ttl, now).map(({ hears: _, ...one }) => one);
  return { entry, reply: { status: 'listed', ...sight(entry, server), candidates: told } };
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

/** Further ahead than anyone would put it: the store's clock was set back. Lease and record together, or the one is waited out after the other. */
function withoutExcess(entry: Entry, lease: Lease, latest: number, now: number): Entry {
  if (lease.expiresAt <= latest) return entry;
  const { record } = entry;
  return {
    lease: { ...lease, expiresAt: latest },
    ...(record && { record: record.until > latest ? dated(record, latest, now) : record }),
  };
}

/** Extends the candidate's own lease, or puts it back where the store has lost it. */
export function renew(before: Entry, request: RenewRequest, server: Server): Outcome<RenewReply> {
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
  // Of another run it stays: the request may have been long on its way from there, and the lease been granted since to another, of whom this run knows nothing.
  const run = request.run || (lease ? '' : server.run);
  const after = { ...entry, ...held(record, request, Math.max(record.token, token), run, now) };
  return {
    entry: after,
    reply: { status: 'renewed', ...sight(after, server), ...(request.asksRun && { run: server.run }) },
  };
}

/** Gives the candidate's own lease up. */
export function release(before: Entry, request: ReleaseRequest, server: Server): Outcome<ReleaseReply> {
  const now = msOf(server);
  const { lease, record, candidates, ...others } = expire(before, now);
  const { id } = request;
  const holds = lease?.id === id;
  requireMaster(server);
  // One whose last attempt may have been heard, and its answer not, gives up under the id that it stood by under.
  const listed = candidates && (holds ? candidates : without(candidates, (one) => one.id === id));
  const own = record?.id === id && record.until !== 0;
  const after: Entry = {
    ...(lease && !holds && { lease }),
    // Also where the lease is gone already: nobody need wait for what its holder has given up.
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

/**
 * Who is to be next: the one whose id is wished for, or else whose name is, or without a wish the first of the latest that hears of releases; and
 * the list without who did not come.
 */
function succession(candidates: Candidates | undefined, { id, successor: wish, absent }: ReleaseRequest, now: number) {
  const looked = standing(candidates, now).slice(0, wish === undefined ? SUCCESSOR_SEARCH : CANDIDATES_MAX);
  const others = looked.filter((one) => one.id !== id && one.id !== absent);
  const hearing = others.filter(({ hears }) => hears);
  const next = wish === undefined ? hearing[0] : hearing.find((one) => one.id === wish);
  const chosen = next ? looked.indexOf(next) : -1;
  const isMeant = ({ name }: Entrant) => name !== undefined && name === wish;
  const named = next ?? hearing.find(isMeant);
  const passed = looked.slice(0, chosen < 0 ? looked.length : chosen).filter((one) => one.id === absent);
  const rest = candidates && without(candidates, (one) => passed.includes(one));
  return { successor: (named ?? others.find(isMeant))?.id ?? wish, isListed: named !== undefined, rest };
}

/** Any request. */
export function answer(entry: Entry, request: StoreRequest, server: Server): Outcome<StoreReply> {
  switch (request.verb) {
    case 'acquire':
      return acquire(entry, request, server);
    case 'renew':
      return renew(entry, request, server);
    case 'release':
      return release(entry, request, server);
    case 'withdraw':
      return withdraw(entry, request, server);
    case 'list':
      return list(entry, request, server);
    case 'read':
      return read(entry, server);
  }
}

/** Takes a candidate off the list. */
export function withdraw(before: Entry, request: WithdrawRequest, server: Server): Outcome<WithdrawReply> {
  requireMaster(server);
  const { candidates, ...others } = expire(before, msOf(server));
  const left = candidates && without(candidates, (one) => isSame(one, request));
  const entry = { ...others, ...(left && { candidates: left }) };
  return { entry, reply: { status: 'withdrawn', ...sight(entry, server) } };
}

/** Tells who holds the lease. */
export function read(before: Entry, server: Server): Outcome<ReadReply> {
  const now = msOf(server);
  const entry = expire(before, now);
  const { lease, record } = entry;
  if (!lease) return { entry, reply: { status: 'free', ...sight(entry, server) } };
  return { entry, reply: { status: 'held', ...sight(entry, server), holder: holderOf(lease, record, now) } };
}

/** A request that arrives twice is granted once: same token, fresh expiry. */
function grantAgain(entry: Entry, request: AcquireRequest, server: Server): Outcome<AcquireReply> {
  const { record } = entry;
  if (record?.id === request.id) return grant(record, request, record.token, record.run, server);
  return grant(record, request, nextToken(record, request, server), '', server);
}

/** There is no lease. That it ran out or was given up is for the record to say; one that was lost is not free. */
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

/** Whether the store has lost what it knew: it runs anew, the candidate knows better, or nothing is there at all. */
function isLost(record: LeaseRecord | undefined, request: AcquireRequest, { run }: Server): boolean {
  if (request.lastToken > (record?.token ?? 0)) return true;
  if (!record) return request.coldStart === 'wait';
  return run !== '' && record.run !== '' && record.run !== run;
}

/** The record as if the lost holder had renewed this instant. One that stands mended already keeps its time. */
function mend(record: LeaseRecord | undefined, request: AcquireRequest, server: Server): LeaseRecord {
  const stands = record !== undefined && record.id === '' && record.run === server.run;
  const before = record ?? NO_RECORD;
  const after = stands ? before : dated(before, msOf(server) + request.ttl, msOf(server));
  return { ...after, token: Math.max(after.token, request.lastToken), id: '', name: '', data: '', run: server.run };
}

/** `record` with an `until` that is written now. The latest date is kept where the clock is behind it, since it may be corrected. */
function dated(record: LeaseRecord, until: number, now: number): LeaseRecord {
  const latest = Math.max(record.at, record.peak);
  return { ...record, until, at: now, peak: latest > now ? latest : record.peak };
}

/**
 * ms for which an absent lease is not free: by the store's clock and by the candidate's reckoning of it, a ttl at most. An `until` that was written
 * while the store's clock was set back may pass early, when the clock is corrected, so that it is watched for a whole ttl.
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

/** What a grant or a renewal leaves behind: both the lease and the whole record. */
function held(
  before: LeaseRecord = NO_RECORD,
  { id, name, data = '', ttl }: AcquireRequest | RenewRequest,
  token: number,
  run: string,
  now: number,
): Entry {
  const record = { ...dated(before, now + ttl, now), token, id, name, data, run };
  return { lease: { id, expiresAt: now + ttl }, record };
}

const isLate = ({ notAfter }: AcquireRequest | RenewRequest, { micros }: Server): boolean =>
  notAfter !== undefined && micros > notAfter * 1000;

const sight = ({ record = NO_RECORD }: Entry, { micros }: Server): Required<Sight> => ({
  time: micros / 1000,
  token: record.token,
  until: record.until,
});

const withoutExpiry = ({ expiresAt }: Lease): boolean => expiresAt === Number.POSITIVE_INFINITY;

function holderOf(lease: Lease, record: LeaseRecord | undefined, now: number): Holder {
  if (withoutExpiry(lease)) throw new ElectionError('KEY_CONFLICT', 'The lease has no expiry, so it is none');
  const { id } = lease;
  const expiresIn = lease.expiresAt - now;
  if (record?.id !== id) return { id, expiresIn };
  const { name, data, token } = record;
  return { id, ...(name && { name }), ...(data && { data }), token, expiresIn };
}
