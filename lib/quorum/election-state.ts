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
  /** The id under which the stores know the term. */
  readonly attemptId: string;
  readonly token: number;
  /**
   * The run of each store's grant, which its renewals return. Empty if the store reports none,
   * undefined if it has not granted the term.
   */
  readonly runs: Array<string | undefined>;
  /** Own time at which the lease would expire by the stores' clocks. */
  until: number;
}

/** What this process knows of one election over the stores. */
export class ElectionState {
  readonly members: readonly Member[];
  readonly environment: Environment;
  readonly attemptIds = new AttemptIds();
  /** By the candidate's id. */
  readonly terms = new Map<string, Term>();
  /** Attempts that still wait for answers, by the candidate's id. */
  readonly pendingAttempts = new Map<string, { readonly attemptId: string }>();
  /** Consecutive attempts that nobody could win. */
  splits = 0;

  constructor(stores: readonly LeaseStore[], environment: Environment) {
    this.members = stores.map((store) => new Member(store, environment));
    this.environment = environment;
  }

  get now(): number {
    return this.environment.clock.now();
  }

  /** The id under which the stores know `id`. */
  attemptIdOf(id: string): string {
    return this.terms.get(id)?.attemptId ?? this.attemptIds.current(id);
  }
}

/**
 * The parts of a request's `timeout` for which the quorum waits for its stores.
 * The rest is for the reply. Grants get less time, because their token must still be written back.
 */
export const TIMEOUT_FRACTION = 0.9;
export const GRANT_TIMEOUT_FRACTION = 0.6;

/** Own time until which a store that is asked now may take. */
export const endOf = ({ now }: ElectionState, { timeout }: { readonly timeout: number }): number =>
  now + TIMEOUT_FRACTION * timeout;

/** Gives back an unwanted grant at one store, without waiting for the reply. */
export function giveBack(state: ElectionState, member: Member, request: ReleaseRequest): void {
  member.release(request, endOf(state, request)).subscribe({ error: () => {} });
}

/**
 * Removes a candidate from one store's list, under each id that it has used.
 * The exception is `held`, under which it leads there. Emits only the last reply.
 */
export function withdrawAt(
  state: ElectionState,
  member: Member,
  request: WithdrawRequest,
  held?: string,
): Observable<WithdrawReply> {
  const ids = state.attemptIds.all(request.id).filter((id) => id !== held);
  const until = endOf(state, request);
  return concat(...ids.map((id) => member.withdraw({ ...request, id }, until))).pipe(takeLast(1));
}
