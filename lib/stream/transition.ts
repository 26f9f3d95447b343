import type { FollowerReason } from '../core/state.js';
import type { ElectionError } from '../port/errors.js';
import type { Holder } from '../port/lease-store.js';

export type { FollowerReason, Role } from '../core/state.js';

/**
 * A change of this candidate's role. Two in a row never have the same role, and after `leader` comes `follower`, always.
 *
 * Why a follower is one:
 * - `standby`: somebody else leads, or nobody may yet.
 * - `lost`: the store says that the lease is not ours any more.
 * - `expired`: the lease could not be renewed in time.
 * - `stalled`: this process was not running when its lease ran out (a blocked event loop, SIGSTOP, a suspended machine).
 * - `resigned`: `resign()` was called.
 * - `closed`: `close()` was called, `signal` aborted, or nobody is subscribed any more.
 *
 * `leader` is who leads as far as was known then: follow `Election.leaders` for changes. An `error` is told once for as long as its cause lasts.
 */
export type Transition =
  | { readonly role: 'leader'; readonly at: Date; readonly term: Term }
  | { readonly role: 'follower'; readonly at: Date; readonly reason: FollowerReason; readonly leader?: Holder }
  | { readonly role: 'error'; readonly at: Date; readonly error: ElectionError };

/** One unbroken leadership. */
export interface Term {
  /**
   * Fencing token: greater than that of every earlier term under this key. Send it along with each write to anything that
   * can remember the highest it has seen and refuse lower ones; that is what stops writes already under way when a term ends.
   */
  readonly token: number;
  /** The lease's value in the store, unique to this term. */
  readonly id: string;
  /** Aborts the moment the term ends; its reason is an `ElectionError` with code `TERM_ENDED`, named `AbortError`. */
  readonly signal: AbortSignal;
  /** ms of certain leadership left as things stand, 0 or less once over. Renewals raise it. Counts on through a drain. */
  remaining(): number;
  /** Throws an `ElectionError` with code `TERM_ENDED` once the term is over, also where no timer has had a chance to say so. */
  assert(): void;
  /**
   * Makes a voluntary exit (unsubscribe, `close`, `resign`) release the lease only after `work` has settled, or after the option
   * `drain` ms. The lease is renewed meanwhile. A rejection of `work` is not reported here. Without effect once the
   * release has begun. Throws an `ElectionError` with code `INVALID_OPTION` for a function, which is to be called.
   */
  waitUntil(work: PromiseLike<unknown>): void;
}
