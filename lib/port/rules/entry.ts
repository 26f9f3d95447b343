import { ElectionError } from '../errors.js';
import type { AcquireRequest, Holder, Notice, RenewRequest, Sight, Standing } from '../lease-store.js';

/** The exclusive claim, as the store keeps it. */
export interface Lease {
  readonly id: string;
  /**
   * Store ms after which it is gone; Infinity for one without expiry, which no candidate puts
   * there.
   */
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
  /**
   * The latest `at` before one that was written while the store's clock was behind it; 0 if there
   * was none.
   */
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
  /**
   * Whether the request comes to another database than the one in which its sender knows the
   * election to be.
   */
  readonly isElsewhere?: boolean;
}

/** What a request leaves behind, and its answer. */
export interface Outcome<Reply> {
  readonly entry: Entry;
  readonly reply: Reply;
  /** What those who listen are told of it. */
  readonly notice?: Notice;
}

export const NO_RECORD: LeaseRecord = { token: 0, id: '', name: '', data: '', run: '', until: 0, at: 0, peak: 0 };

export const msOf = ({ micros }: Server): number => Math.floor(micros / 1000);

export const lasts = ({ expiresAt }: { readonly expiresAt: number }, now: number): boolean => now <= expiresAt;

/** The lease of `entry` while it lasts, its last millisecond included. */
export const liveLease = ({ lease }: Entry, now: number): Lease | undefined =>
  lease && lasts(lease, now) ? lease : undefined;

/**
 * `entry` without what has expired at store ms `now`. A store deletes that for good: a clock that
 * is set back does not bring it back.
 */
export function expire(entry: Entry, now: number): Entry {
  const { lease, candidates, ...others } = entry;
  if ((!lease || lasts(lease, now)) && (!candidates || lasts(candidates, now))) return entry;
  return {
    ...others,
    ...(lease && lasts(lease, now) && { lease }),
    ...(candidates && lasts(candidates, now) && { candidates }),
  };
}

/**
 * `record` with an `until` that is written now. The latest date is kept where the clock is behind
 * it, since it may be corrected.
 */
export function dated(record: LeaseRecord, until: number, now: number): LeaseRecord {
  const latest = Math.max(record.at, record.peak);
  return { ...record, until, at: now, peak: latest > now ? latest : record.peak };
}

/** What a grant or a renewal leaves behind: both the lease and the whole record. */
export function held(
  before: LeaseRecord = NO_RECORD,
  { id, name, data = '', ttl }: AcquireRequest | RenewRequest,
  token: number,
  run: string,
  now: number,
): Entry {
  const record = { ...dated(before, now + ttl, now), token, id, name, data, run };
  return { lease: { id, expiresAt: now + ttl }, record };
}

/** A replica answers reads alone. */
export function requireMaster({ isReplica = false }: Server): void {
  if (isReplica) throw new ElectionError('STORE_READONLY', 'The store is a replica, which refuses to write');
}

/** No lease is set in a database where the election is not: it would be there a second time. */
export function requireHome({ isElsewhere = false }: Server): void {
  if (isElsewhere) throw new ElectionError('KEY_CONFLICT', 'The election is in another database');
}

export const isLate = ({ notAfter }: AcquireRequest | RenewRequest, { micros }: Server): boolean =>
  notAfter !== undefined && micros > notAfter * 1000;

export const sight = ({ record = NO_RECORD }: Entry, { micros }: Server): Required<Sight> => ({
  time: micros / 1000,
  token: record.token,
  until: record.until,
});

export const withoutExpiry = ({ expiresAt }: Lease): boolean => expiresAt === Number.POSITIVE_INFINITY;

export function holderOf(lease: Lease, record: LeaseRecord | undefined, now: number): Holder {
  if (withoutExpiry(lease)) throw new ElectionError('KEY_CONFLICT', 'The lease has no expiry, so it is none');
  const { id } = lease;
  const expiresIn = lease.expiresAt - now;
  if (record?.id !== id) return { id, expiresIn };
  const { name, data, token } = record;
  return { id, ...(name && { name }), ...(data && { data }), token, expiresIn };
}
