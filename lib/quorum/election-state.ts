import { concat, type Observable, takeLast } from 'rxjs';
import type { LeaseStore, ReleaseRequest, WithdrawReply, WithdrawRequest } from '../port/lease-store.js';
import { AttemptIds } from './attempt-ids.js';
import { Member } from './member.js';
import type { Timing } from './serial-queue.js';

/** The outside world of a quorum. */
export interface Environment extends Timing {
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
export class ElectionState {
  readonly members: readonly Member[];
  readonly surroundings: Environment;
  readonly names = new AttemptIds();
  /** By the candidate's id. */
  readonly terms = new Map<string, Term>();
  /** Attempts whose answers have not all come, by the candidate's id. */
  readonly underWay = new Map<string, { readonly wire: string }>();
  /** Attempts in a row that nobody could win. */
  splits = 0;

  constructor(stores: readonly LeaseStore[], surroundings: Environment) {
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

/** Own time until which one store is waited for that is asked now. */
export const endOf = ({ now }: ElectionState, { timeout }: { readonly timeout: number }): number =>
  now + PATIENCE * timeout;

/** Gives back at one store what came to nothing. Nobody waits for that. */
export function giveBack(ledger: ElectionState, member: Member, request: ReleaseRequest): void {
  member.release(request, endOf(ledger, request)).subscribe({ error: () => {} });
}

/** Takes a candidate off one store's list, under every id that it has asked by but `held`, under which it leads there. Emits nothing before the last. */
export function withdrawAt(
  ledger: ElectionState,
  member: Member,
  request: WithdrawRequest,
  held?: string,
): Observable<WithdrawReply> {
  const ids = ledger.names.all(request.id).filter((id) => id !== held);
  const until = endOf(ledger, request);
  return concat(...ids.map((id) => member.withdraw({ ...request, id }, until))).pipe(takeLast(1));
}
