import type { Entry, Who } from './report.js';

/** One leadership as its process reported it. */
export interface Claim extends Who {
  readonly token: number;
  /** The first instant at which it claimed to lead. */
  readonly from: number;
  /** The last reported instant. */
  readonly to: number;
  /** Until when, as it knew at `to`, it would keep claiming. */
  readonly until: number;
  /**
   * When it first reported that it leads no more. Absent for a process that died or has yet to wake
   * up.
   */
  readonly no?: number;
}

/** Two processes that claimed to lead at one instant. */
export interface Overlap {
  readonly a: Claim;
  readonly b: Claim;
  readonly from: number;
  readonly to: number;
}

/**
 * Every claim, by its start. Each process's reports are read in its own order, whenever they
 * arrived.
 */
export function claimsOf(entries: readonly Entry[]): Claim[] {
  const open = new Map<string, Claim>();
  const over: Claim[] = [];
  const close = (by: string, no?: number) => {
    const claim = open.get(by);
    if (claim) over.push(no === undefined ? claim : { ...claim, no });
    open.delete(by);
  };
  for (const entry of [...entries].sort((a, b) => a.at - b.at)) {
    if (entry.kind === 'no') close(entry.by, entry.at);
    if (entry.kind !== 'yes') continue;
    const { row, by, token, at, until } = entry;
    if (open.get(by)?.token !== token) close(by);
    const from = open.get(by)?.from ?? at;
    open.set(by, { row, by, token, from, to: at, until });
  }
  return [...over, ...open.values()].sort((a, b) => a.from - b.from);
}

/**
 * The last instant at which a claim may have stood.
 *
 * Between the last yes and the first no, a claim counts for as long as the process had announced.
 * The same applies to a silent process, because nobody knows when it would have stopped.
 */
export const endOf = ({ to, until, no = Number.POSITIVE_INFINITY }: Claim): number => Math.min(Math.max(to, until), no);

/**
 * Every instant that two processes claimed at once. A process that restarts after kill -9 is
 * another process.
 */
export function overlapsOf(claims: readonly Claim[]): Overlap[] {
  return claims.flatMap((a, index) =>
    claims.slice(index + 1).flatMap((b) => {
      const from = Math.max(a.from, b.from);
      const to = Math.min(endOf(a), endOf(b));
      return a.by !== b.by && from <= to ? [{ a, b, from, to }] : [];
    }),
  );
}

/** Terms whose fencing token is not above all earlier tokens. */
export const fallenTokens = (claims: readonly Claim[]): Claim[] =>
  claims.filter(({ token }, index) => claims.slice(0, index).some((earlier) => earlier.token >= token));
