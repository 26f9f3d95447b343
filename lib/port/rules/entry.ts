import { ElectionError } from '../errors.js';
import type { AcquireRequest, Holder, Notice, RenewRequest, Sight, Standing } from '../lease-store.js';

/** The lease, as the store keeps it. */
export interface Lease {
  readonly id: string;
  /** Store ms after which the lease has expired. Infinity without expiry; no candidate sets it. */
  readonly expiresAt: number;
}

/** Data that the store keeps beside the lease. It outlives the lease. */
export interface LeaseRecord {
  /** The highest fencing token granted. */
  readonly token: number;
  /** The id of the last term's holder. Empty after a loss was mended. */
  readonly id: string;
  readonly name: string;
  readonly data: string;
  /** The server run that last granted the lease or mended the record. */
  readonly run: string;
  /** Store ms before which a vanished lease is not free. 0 after a release. */
  readonly until: number;
  /** Store ms at which `until` was written. */
  readonly at: number;
  /** The latest earlier `at` that the store's clock was behind at a write. 0 if there was none. */
  readonly peak: number;
}

/** The candidates that stand by, as the store keeps them. */
export interface Candidates {
  /** The most recently seen candidate comes first. */
  readonly list: ReadonlyArray<Standing & { readonly hears: boolean }>;
  /** Store ms after which the whole list has expired. */
  readonly expiresAt: number;
}

/** Everything that the store keeps for one election. */
export interface Entry {
  readonly lease?: Lease;
  readonly record?: LeaseRecord;
  readonly candidates?: Candidates;
}

/** The state of the server when it handles a request. */
export interface Server {
  /** The server's wall clock, in whole µs. */
  readonly micros: number;
  /** Identifies the server's current run. */
  readonly run: string;
  /** Whether the server is a replica. A replica refuses to write. */
  readonly isReplica?: boolean;
  /** Whether the sender knows that the election is in another database. */
  readonly isElsewhere?: boolean;
}

/** The entry to store after a request, and the reply. */
export interface Outcome<Reply> {
  readonly entry: Entry;
  readonly reply: Reply;
  /** The notice to publish to subscribers. */
  readonly notice?: Notice;
}

export const NO_RECORD: LeaseRecord = { token: 0, id: '', name: '', data: '', run: '', until: 0, at: 0, peak: 0 };

export const msOf = ({ micros }: Server): number => Math.floor(micros / 1000);

export const lasts = ({ expiresAt }: { readonly expiresAt: number }, now: number): boolean => now <= expiresAt;

/** Returns the lease of `entry` if it has not expired. Its last millisecond is included. */
export const liveLease = ({ lease }: Entry, now: number): Lease | undefined =>
  lease && lasts(lease, now) ? lease : undefined;

/**
 * Returns `entry` without the parts that have expired at store ms `now`.
 *
 * The store deletes expired parts for good. Setting the clock back does not restore them.
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
 * Returns `record` with an `until` that is written now.
 *
 * `peak` keeps the latest date if the clock is behind it, because the clock may be corrected.
 */
export function dated(record: LeaseRecord, until: number, now: number): LeaseRecord {
  const latest = Math.max(record.at, record.peak);
  return { ...record, until, at: now, peak: latest > now ? latest : record.peak };
}

/** Returns the entry after a grant or a renewal: the lease and the whole record. */
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

/** Throws at a replica: a replica answers reads only. */
export function requireMaster({ isReplica = false }: Server): void {
  if (isReplica) throw new ElectionError('STORE_READONLY', 'The store is a replica, which refuses to write');
}

/** Throws in the wrong database: a lease there would duplicate the election. */
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
