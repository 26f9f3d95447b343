import type { Entry, Who } from './report.js';

/** One leadership as its process told of it. */
export interface Claim extends Who {
  readonly token: number;
  /** The first instant at which it said that it leads. */
  readonly from: number;
  /** The last one that it told of. */
  readonly to: number;
  /** Until when, as it knew at `to`, it would go on saying so. */
  readonly until: number;
  /** When it said for the first time that it leads no more; a process that died, or has yet to wake up, never did. */
  readonly no?: number;
}

/** Two processes that claimed to lead at one instant. */
export interface Overlap {
  readonly a: Claim;
  readonly b: Claim;
  readonly from: number;
  readonly to: number;
}

/** Every claim there was, by its beginning. Each process's reports are read in its own order, whenever they arrived. */
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
 * The last instant at which a claim may have stood. Between the last yes and the first no it is taken to have stood for as long as the
 * process had said it would, and a process that fell silent is held to that too: nobody knows when it would have stopped.
 */
export const endOf = ({ to, until, no = Number.POSITIVE_INFINITY }: Claim): number => Math.min(Math.max(to, until), no);

/** Every instant that two processes claimed at once. A process that came back after kill -9 is not the one that died. */
export function overlapsOf(claims: readonly Claim[]): Overlap[] {
  return claims.flatMap((a, index) =>
    claims.slice(index + 1).flatMap((b) => {
      const from = Math.max(a.from, b.from);
      const to = Math.min(endOf(a), endOf(b));
      return a.by !== b.by && from <= to ? [{ a, b, from, to }] : [];
    }),
  );
}

/** Terms whose fencing token is not above all those before. */
export const fallenTokens = (claims: readonly Claim[]): Claim[] =>
  claims.filter(({ token }, index) => claims.slice(0, index).some((earlier) => earlier.token >= token));
