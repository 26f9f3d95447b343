import type { LeaseStore, ReleaseRequest } from '../lease-store.js';
import type { Timing } from './line.js';
import { Member } from './member.js';
import { Names } from './names.js';

/** The outside world of a quorum. */
export interface Surroundings extends Timing {
  readonly random: () => number;
}

/** A term that a majority has granted to a candidate of this process. */
export interface Term {
  /** The id that the stores know it by. */
  readonly wire: string;
  readonly token: number;
  /** What each store's grant calls its run, for its renewals; empty where it says nothing, undefined where it has not granted the term. */
  readonly runs: Array<string | undefined>;
  /** Own time at which the lease would be over by the stores' clocks. */
  until: number;
}

/** What this process knows of one election over the stores. */
export class Ledger {
  readonly members: readonly Member[];
  readonly surroundings: Surroundings;
  readonly names = new Names();
  /** By the candidate's id. */
  readonly terms = new Map<string, Term>();
  /** Attempts whose answers have not all come, by the candidate's id. */
  readonly underWay = new Map<string, { readonly wire: string }>();
  /** Attempts in a row that nobody could win. */
  splits = 0;

  constructor(stores: readonly LeaseStore[], surroundings: Surroundings) {
    this.members = stores.map((store) => new Member(store, surroundings));
    this.surroundings = surroundings;
  }

  get now(): number {
    return this.surroundings.clock.now();
  }

  /** The id that the stores know `id` by. */
  wireOf(id: string): string {
    return this.terms.get(id)?.wire ?? this.names.current(id);
  }
}

/**
 * Parts of a request's `timeout` within which stores are waited for: all of it would leave none for the answer. Grants are waited for shorter,
 * as their token has to be written back.
 */
export const PATIENCE = 0.9;
export const PATIENCE_FOR_GRANTS = 0.6;

/** Gives back at one store what came to nothing. Nobody waits for that. */
export function giveBack({ now }: Ledger, member: Member, request: ReleaseRequest): void {
  member.release(request, now + PATIENCE * request.timeout).subscribe({ error: () => {} });
}
