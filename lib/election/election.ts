/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable } from 'rxjs';
import type { Role } from '../core/state.js';
import type { Holder, Standing } from '../port/lease-store.js';
import type { Term, Transition } from '../stream/transition.js';

/** A standing candidate, as {@link Election.candidates} lists it. */
export interface Candidate extends Omit<Standing, 'lastSeen'> {
  /** The time of its last attempt, by the store's clock. */
  readonly lastSeen: Date;
}

/** The options of {@link Election.resign}. */
export interface ResignOptions {
  /** ms to stay out of the election, from 0 to 2³¹ − 1. Default: `ttl`. */
  readonly cooldown?: number | undefined;
  /**
   * The id or the name of the candidate that leads next.
   * Default: the candidate with the latest attempt that receives notices.
   */
  readonly to?: string | undefined;
}

/**
 * One candidate of an election: an `Observable` of its changes of role, created by {@link elect}.
 *
 * Nothing happens before the first subscription. All subscribers share one candidacy, and a late
 * one receives the current role first.
 * When the last one unsubscribes, the candidacy ends and its lease is released. Subscribing again
 * starts a new candidacy with a new id.
 * The stream never errors: a failure is a transition with the role `error`. It completes on {@link
 * close}.
 *
 * It is an interface, so that tests and wrappers can implement it.
 */
export interface Election extends Observable<Transition>, AsyncIterable<Transition>, AsyncDisposable {
  /**
   * The role of the last transition.
   * It is `undefined` before, between and after candidacies.
   */
  readonly role: Role | undefined;

  /**
   * Whether this candidate leads at this instant, by the clock.
   * It is false from the deadline on, even if no timer has fired yet.
   */
  readonly isLeading: boolean;

  /** The current term; defined exactly while {@link isLeading} is true. */
  readonly term: Term | undefined;

  /**
   * Emits the leader that this candidate knows of, itself included.
   *
   * It emits at once, then whenever the holder's id changes. It emits `undefined` while no holder
   * is known, and during the cooldown of {@link resign}.
   * It starts no candidacy, never errors, and completes on {@link close}.
   */
  readonly leaders: Observable<Holder | undefined>;

  /**
   * Ends the term, releases its lease once the work has stopped, and stands again after `cooldown`
   * ms.
   *
   * Resolves to true if the store has confirmed the release of a lease. For a follower, it resolves
   * to false and changes nothing.
   * During an exit, it waits for that exit. Rejects only for a wrong option, with `INVALID_OPTION`.
   *
   * `to` is the id or the name of the next leader, as {@link candidates} lists them. Among
   * candidates with that name, the one with the latest attempt wins.
   * At first, the store notifies only that candidate. It notifies the others when that candidate
   * leads, or after a quarter of a `timeout`.
   * `to` is a wish: the others do not wait longer for a candidate that is gone or receives no
   * notices.
   *
   * @example
   * await election.resign({ to: 'worker-2', cooldown: 60_000 });
   */
  resign(options?: ResignOptions): Promise<boolean>;

  /**
   * Lists the standing candidates, which were refused the lease within the last one and a half
   * `ttl`.
   *
   * The list has at most a thousand entries, latest attempt first. The leader is not listed, except
   * under the id of an earlier attempt.
   * A candidate that has crashed may still be listed. The call starts no candidacy.
   * Rejects with the `ElectionError` of the failed request.
   *
   * @example
   * for (const { name, lastSeen } of await election.candidates()) console.log(name, lastSeen);
   */
  candidates(): Promise<Candidate[]>;

  /**
   * Leaves the election permanently.
   *
   * A leader emits `follower`/`closed`. Then the stream completes, the work stops, and the lease is
   * released.
   * Resolves once the release has settled, after at most `drain` + `timeout`. Never rejects. A
   * later subscription completes at once.
   *
   * @example
   * process.once('SIGTERM', () => election.close());
   */
  close(): Promise<void>;

  /**
   * Calls {@link close}, for `await using`.
   *
   * @example
   * await using election = elect({ redis, key: 'billing' });
   */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Iterates over the changes of role, for `for await`.
   *
   * The candidacy starts with the call. A slow loop always receives the end of a term that it
   * received, and never receives a leadership that is already over.
   * Leaving the loop unsubscribes. The last subscriber also waits for the release.
   *
   * @example
   * for await (const { role } of election) console.log(role);
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Transition>;
}
