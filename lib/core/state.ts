import type { ElectionError } from '../port/errors.js';
import type { CandidateReply, CandidateRequest, Holder, Notice } from '../port/lease-store.js';
import type { Memory } from './memory.js';
import type { Settings } from './settings.js';

/** What a candidate takes itself for. */
export type Role = 'leader' | 'follower' | 'error';

/** Why a candidate is a follower: see `Transition`. */
export type FollowerReason = 'standby' | 'lost' | 'expired' | 'stalled' | 'resigned' | 'closed';

/** One unbroken leadership, as plain data. */
export interface TermFacts {
  readonly id: string;
  readonly token: number;
  readonly run?: string;
  /** Own time from which on another candidate could hold the lease. */
  readonly deadline: number;
}

/** A request on its way. Its identity is how replies find their state: a reply to any other request is not heard. */
export interface Sent {
  readonly request: CandidateRequest;
  /** Own time, read before the request was written. */
  readonly at: number;
}

/** A holder, and our own time when we learnt of it. */
export interface KnownHolder {
  readonly holder: Holder;
  readonly at: number;
}

/**
 * What a candidate hears of its store by notice. Each field is always there: what comes and goes would give thousands of candidates a layout each of
 * their own.
 */
export interface NoticeState {
  /** Whether elections and releases are told at present. */
  readonly isSubscribed: boolean;
  /** Own time until which attempts are spent that releases may hasten: one in a timeout. */
  readonly rateLimitedUntil: number;
  /** Whether a release has hastened the next attempt. */
  readonly isRateLimited: boolean;
  /** Whether another run of the store may answer than has granted the term: there is another connection, or a renewal has failed. Settled by asking. */
  readonly isRunInDoubt: boolean;
  /** The last that came while a request was in flight which may have been answered before it. */
  readonly deferred: Notice | undefined;
  /**
   * The highest token of an election that was told then: the own lease is in question if it is above the own. Infinity where it is whatever its token,
   * since it was cut, or there is another connection. Apart from {@link deferred}, or one could displace the other.
   */
  readonly rivalToken: number;
}

interface Common {
  /** The id of the next attempt to acquire, or of the term. Never used again once an attempt's outcome is unknown. */
  readonly id: string;
  readonly memory: Memory;
  /** The role last decided. */
  readonly role: Role | undefined;
  /** Who leads, as far as we know. */
  readonly holder: KnownHolder | undefined;
  /** The id under which the store has listed this candidate, which then stands by. */
  readonly listed: string | undefined;
  /** Retired ids that may still hold a lease: each is compare-and-deleted before the next attempt to acquire. */
  readonly retired: readonly string[];
  /** The last request went unanswered: nothing but reads until one is answered. */
  readonly mustProbe: boolean;
  readonly notices: NoticeState;
  /** Own time of the last request. */
  readonly lastSentAt: number;
  /** The one request in flight. Set to undefined rather than taken out: a copy of all but one field takes ten times as long. */
  readonly sent?: Sent | undefined;
}

/** Without a lease, trying to acquire one at `nextAt`. */
export interface Campaigning extends Common {
  readonly phase: 'campaigning';
  /** Whether a request has failed since an attempt was last answered. */
  readonly hasFailed: boolean;
  readonly nextAt: number;
}

/** Holding the lease, renewing it at `renewAt`; over at `term.deadline` whatever happens. */
export interface Leading extends Common {
  readonly phase: 'leading';
  readonly term: TermFacts;
  readonly renewAt: number;
  /** Why renewing has failed since the last success. */
  readonly error?: ElectionError | undefined;
}

/**
 * Leaving on purpose. The candidate says `follower` already; the lease is kept, and renewed, until the work has stopped, and
 * given up only then.
 */
export interface Exiting extends Common {
  readonly phase: 'exiting';
  /** The lease still held; absent when the exit began without one. */
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
  /** The id of the candidate that is to be named in the release of the term. */
  readonly successor?: string;
  /** Whether a later term than ours has been told of. */
  readonly succeeded?: true;
  /** Nobody but `to` was told of the release: everyone is, unless it has succeeded by own time `until`. */
  readonly awaitingSuccessor?: { readonly to: string; readonly until: number };
  /** ms to stand aside afterwards before campaigning again; absent: for good. */
  readonly cooldown?: number;
}

/** Standing aside after a resignation, until `nextAt`. */
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

/** How a candidate leaves. */
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

/** A change of role to be told. */
export type Decision =
  | { readonly role: 'leader'; readonly term: TermFacts }
  | { readonly role: 'follower'; readonly reason: FollowerReason; readonly leader?: Holder }
  | { readonly role: 'error'; readonly error: ElectionError };

export interface Step {
  readonly state: State;
  readonly decisions: readonly Decision[];
}

/** All that deciding needs from outside: it reads no clock and draws no number itself. */
export interface Context {
  readonly settings: Settings;
  /** Own elapsed time in ms. */
  readonly now: number;
  /** A fresh number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** A fresh id by these settings, never given before. */
  readonly nextId: (settings: Settings) => string;
}

export const next = (state: State, ...decisions: Decision[]): Step => ({ state, decisions });

/** The fields that outlive a phase, of `state`. The request in flight is not among them. */
export function common({ id, memory, role, holder, listed, retired, mustProbe, notices, lastSentAt }: State): Common {
  return { id, memory, role, holder, listed, retired, mustProbe, notices, lastSentAt };
}
