import type { ElectionError } from '../port/errors.js';
import type { CandidateReply, CandidateRequest, Holder, Notice } from '../port/lease-store.js';
import type { Memory } from './memory.js';
import type { Settings } from './settings.js';

/** The role of a candidate. */
export type Role = 'leader' | 'follower' | 'error';

/** Why a candidate is a follower. `Transition` explains each reason. */
export type FollowerReason = 'standby' | 'lost' | 'expired' | 'stalled' | 'resigned' | 'closed';

/** The facts of one term, as plain data. */
export interface TermFacts {
  readonly id: string;
  readonly token: number;
  readonly run?: string;
  /** Own time from which on another candidate could hold the lease. */
  readonly deadline: number;
}

/**
 * A request in flight. Replies are matched by the identity of this object; a reply to any other
 * request is ignored.
 */
export interface Sent {
  readonly request: CandidateRequest;
  /** Own time, read before the request was written. */
  readonly at: number;
}

/** A holder, and own time at which this candidate learned of it. */
export interface KnownHolder {
  readonly holder: Holder;
  readonly at: number;
}

/**
 * What a candidate knows from notices.
 *
 * All fields are always present: optional fields would give thousands of candidates many hidden
 * classes.
 */
export interface NoticeState {
  /** Whether the store currently publishes elections and releases to this candidate. */
  readonly isSubscribed: boolean;
  /**
   * Own time up to which the rate limit for notice-driven attempts is used up. Each attempt uses
   * one `timeout`.
   */
  readonly rateLimitedUntil: number;
  /**
   * Whether a notice triggered the next attempt, so that the attempt counts against the rate limit.
   */
  readonly isRateLimited: boolean;
  /**
   * Whether the store may have changed its server run since it granted the term.
   *
   * True after a new connection, a failed renewal or a changed run in a reply. The next renewal
   * asks the store.
   */
  readonly isRunInDoubt: boolean;
  /** The last notice that arrived during a request whose reply may be older. */
  readonly deferred: Notice | undefined;
  /**
   * The highest token of a rival elected during the request in flight.
   *
   * A token above our own challenges our lease. Infinity challenges it whatever its token: the
   * lease was cut, or the connection is new. Separate from {@link deferred}, so that neither
   * replaces the other.
   */
  readonly rivalToken: number;
}

interface Common {
  /**
   * The id of the next attempt to acquire, or of the term. Never reused once the outcome of an
   * attempt is unknown.
   */
  readonly id: string;
  readonly memory: Memory;
  /** The last role decided. */
  readonly role: Role | undefined;
  /** The last known holder. */
  readonly holder: KnownHolder | undefined;
  /** The id by which the store lists this candidate as standing by. */
  readonly listed: string | undefined;
  /**
   * Retired ids that may still hold a lease. Each is deleted (if it holds the lease) before the
   * next attempt to acquire.
   */
  readonly retired: readonly string[];
  /** Whether the last request went unanswered. Only reads are sent until one is answered. */
  readonly mustProbe: boolean;
  readonly notices: NoticeState;
  /** Own time of the last request. */
  readonly lastSentAt: number;
  /**
   * The only request in flight. Set to undefined rather than removed: copying all fields but one
   * takes ten times as long.
   */
  readonly sent?: Sent | undefined;
}

/** Has no lease, and tries to acquire one at `nextAt`. */
export interface Campaigning extends Common {
  readonly phase: 'campaigning';
  /** Whether a request has failed since an attempt was last answered. */
  readonly hasFailed: boolean;
  readonly nextAt: number;
}

/** Holds the lease and renews it at `renewAt`. The term always ends at `term.deadline`. */
export interface Leading extends Common {
  readonly phase: 'leading';
  readonly term: TermFacts;
  readonly renewAt: number;
  /** Why renewing has failed since the last success. */
  readonly error?: ElectionError | undefined;
}

/**
 * Leaves voluntarily. The role is already `follower`. The lease is kept and renewed until the work
 * has stopped, then released.
 */
export interface Exiting extends Common {
  readonly phase: 'exiting';
  /** The lease still held. Absent if the exit began without a lease. */
  readonly term?: TermFacts;
  readonly renewAt: number;
  /** Whether the leader-only work has stopped. */
  readonly drained: boolean;
  /** Own time at which the exit stops waiting for the work. */
  readonly drainBy: number;
  /** Ids still to be released, in order. */
  readonly release: readonly string[];
  /** Own time at which the store confirmed that it deleted the term's lease. */
  readonly releasedAt?: number;
  /** The id or name of the candidate to name as successor when the lease is released. */
  readonly successor?: string;
  /** Whether a later term than ours is known. */
  readonly hasSuccessor?: true;
  /**
   * Only the candidate `to` was notified of the release. Everyone is notified at own time `until`
   * unless `to` leads by then.
   */
  readonly awaitingSuccessor?: { readonly to: string; readonly until: number };
  /** ms to wait before campaigning again. Absent if the exit is final. */
  readonly cooldown?: number;
}

/** Waits until `nextAt` after a resignation. */
export interface Cooling extends Common {
  readonly phase: 'cooling';
  readonly nextAt: number;
  readonly released: boolean;
}

/** The candidacy is over. */
export interface Done extends Common {
  readonly phase: 'done';
  readonly released: boolean;
}

export type State = Campaigning | Leading | Exiting | Cooling | Done;

/** Options of an exit. */
export interface ExitOptions {
  /** As in {@link Exiting}. */
  readonly cooldown?: number;
  /** As in {@link Exiting}. */
  readonly successor?: string;
}

/** What can happen to a candidate. */
export type Event =
  | { readonly kind: 'wake' }
  | { readonly kind: 'reply'; readonly sent: Sent; readonly reply: CandidateReply }
  | { readonly kind: 'failure'; readonly sent: Sent; readonly error: ElectionError }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | ({ readonly kind: 'exit'; readonly reason: 'resigned' | 'closed' } & ExitOptions)
  | { readonly kind: 'drained' };

/** A change of role to publish. */
export type Decision =
  | { readonly role: 'leader'; readonly term: TermFacts }
  | { readonly role: 'follower'; readonly reason: FollowerReason; readonly leader?: Holder }
  | { readonly role: 'error'; readonly error: ElectionError };

export interface Step {
  readonly state: State;
  readonly decisions: readonly Decision[];
}

/**
 * Everything a decision needs from outside. Decisions read no clock and draw no random number
 * themselves.
 */
export interface Context {
  readonly settings: Settings;
  /** Own elapsed time in ms. */
  readonly now: number;
  /** A fresh number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Returns an id that was never used before. */
  readonly nextId: (settings: Settings) => string;
}

export const next = (state: State, ...decisions: Decision[]): Step => ({ state, decisions });

/** The fields of `state` that survive a change of phase. The request in flight does not. */
export function common({ id, memory, role, holder, listed, retired, mustProbe, notices, lastSentAt }: State): Common {
  return { id, memory, role, holder, listed, retired, mustProbe, notices, lastSentAt };
}
