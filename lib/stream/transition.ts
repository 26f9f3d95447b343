import type { FollowerReason } from '../core/state.js';
import type { ElectionError } from '../port/errors.js';
import type { Holder } from '../port/lease-store.js';

export type { FollowerReason, Role } from '../core/state.js';

/**
 * A change of this candidate's role.
 *
 * Two transitions in a row never have the same role. After `leader` always comes `follower`.
 *
 * The reasons of a follower:
 * - `standby`: another candidate leads, or nobody may lead yet.
 * - `lost`: the store reports that this candidate no longer has the lease.
 * - `expired`: the lease could not be renewed in time.
 * - `stalled`: this process was not running when its lease expired (a blocked event loop, SIGSTOP,
 *   a suspended machine).
 * - `resigned`: `resign()` was called.
 * - `closed`: `close()` was called, `signal` aborted, or the last subscriber unsubscribed.
 *
 * `leader` is the leader known at that moment. Follow `Election.leaders` for changes.
 *
 * An `error` is emitted once for as long as its cause lasts.
 */
export type Transition =
  | { readonly role: 'leader'; readonly at: Date; readonly term: Term }
  | { readonly role: 'follower'; readonly at: Date; readonly reason: FollowerReason; readonly leader?: Holder }
  | { readonly role: 'error'; readonly at: Date; readonly error: ElectionError };

/** One unbroken leadership. */
export interface Term {
  /**
   * Fencing token: greater than that of every earlier term under this key.
   *
   * Send it with each write to a system that remembers the highest token and refuses lower ones.
   * That stops writes that are still in flight when a term ends.
   */
  readonly token: number;
  /** The lease's value in the store, unique to this term. */
  readonly id: string;
  /**
   * Aborts the moment the term ends. Its reason is an `ElectionError` with code `TERM_ENDED`, named
   * `AbortError`.
   */
  readonly signal: AbortSignal;
  /**
   * ms of certain leadership left, 0 once the term is over. Renewals raise it. Keeps counting
   * through a drain.
   */
  remaining(): number;
  /**
   * Throws an `ElectionError` with code `TERM_ENDED` once the term is over, even if no timer could
   * fire yet.
   */
  assert(): void;
  /**
   * Delays the release of a voluntary exit (unsubscribe, `close`, `resign`) until `work` has
   * settled, at most for the option `drain` in ms.
   *
   * The lease is renewed meanwhile. A rejection of `work` is not reported here. Has no effect once
   * the release has started. Throws an `ElectionError` with code `INVALID_OPTION` if `work` is a
   * function: call it and pass its promise.
   */
  waitUntil(work: PromiseLike<unknown>): void;
}
