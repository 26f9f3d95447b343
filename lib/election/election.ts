/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable } from 'rxjs';
import type { Role } from '../core/state.js';
import type { Holder, Standing } from '../port/lease-store.js';
import type { Term, Transition } from '../stream/transition.js';

/** A candidate that stands by, as {@link Election.candidates} lists it. */
export interface Candidate extends Omit<Standing, 'lastSeen'> {
  /** When it asked for the lease last, by the store's clock. */
  readonly lastSeen: Date;
}

/** The options of {@link Election.resign}. */
export interface ResignOptions {
  /** ms to stay out of the election, from 0 to 2³¹ − 1. Default: `ttl`. */
  readonly cooldown?: number | undefined;
  /** The id or the name of the candidate that is to lead next. Default: the one that asked last and receives notices. */
  readonly to?: string | undefined;
}

/**
 * A candidacy in one election, as {@link elect} returns it: an `Observable` of this candidate's changes of role.
 *
 * Nothing happens before the first subscription. All subscribers share one candidacy, and a late one receives the current role first.
 * When the last one unsubscribes, the candidacy ends and its lease is released. Subscribing again starts a new candidacy with a new id.
 * The stream never errors: a failure is a transition with the role `error`. It completes on {@link close}.
 *
 * It is an interface, so that tests and wrappers can implement it.
 */
export interface Election extends Observable<Transition>, AsyncIterable<Transition>, AsyncDisposable {
  /** The role of the last transition; `undefined` before, between and after candidacies. */
  readonly role: Role | undefined;

  /** Whether this candidate leads at this instant, by the clock: false from the deadline on, even if no timer has fired yet. */
  readonly isLeading: boolean;

  /** The current term, exactly while {@link isLeading}. */
  readonly term: Term | undefined;

  /**
   * Emits who leads, as far as this candidate knows, itself included.
   *
   * It emits at once, then whenever the holder's id changes: `undefined` while no holder is known, and while this candidate stays out after
   * {@link resign}. It starts no candidacy, never errors, and completes on {@link close}.
   */
  readonly leaders: Observable<Holder | undefined>;

  /**
   * Ends the term, releases its lease once the work has stopped, and stands again after `cooldown` ms.
   *
   * Resolves to whether the store has confirmed that a lease was released; for a follower to false, without any effect. During an exit it
   * joins that exit. Rejects only for a wrong option, with `INVALID_OPTION`.
   *
   * `to` is the id or the name of the candidate that is to lead next, as {@link candidates} lists them. Of several candidates with that name,
   * it is the one that asked last. It alone is notified of the release at first, and all others when it leads or a quarter of a `timeout`
   * later. `to` is a wish: if the candidate is gone by then, or receives no notices, the others do not wait for it any longer.
   *
   * @example
   * await election.resign({ to: 'worker-2', cooldown: 60_000 });
   */
  resign(options?: ResignOptions): Promise<boolean>;

  /**
   * Lists the candidates that stand by: those that were refused the lease within the last one and a half `ttl`.
   *
   * The one that asked last comes first; there are at most a thousand. The leader is not among them, except under the id of an earlier
   * attempt. A candidate that has crashed may still be. Starts no candidacy. Rejects with the `ElectionError` of the failed request.
   *
   * @example
   * for (const { name, lastSeen } of await election.candidates()) console.log(name, lastSeen);
   */
  candidates(): Promise<Candidate[]>;

  /**
   * Leaves the election for good.
   *
   * If this candidate leads, it emits `follower`/`closed`. Then the stream completes, the work stops, and the lease is released. Resolves
   * when that has settled, after at most `drain` + `timeout`; never rejects. Subscribing afterwards completes at once.
   *
   * @example
   * process.once('SIGTERM', () => election.close());
   */
  close(): Promise<void>;

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Iterates over the changes of role, for `for await`.
   *
   * The candidacy starts with the call. A slow loop misses no end of a term it has received, and never receives a leadership that is over
   * already. Leaving the loop unsubscribes, and waits for the release if this was the last subscriber.
   *
   * @example
   * for await (const { role } of election) console.log(role);
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Transition>;
}
