/// <reference lib="esnext.disposable" preserve="true" />
import {
  AsyncSubject,
  distinctUntilChanged,
  firstValueFrom,
  map,
  merge,
  Observable,
  of,
  Subject,
  type Subscriber,
  type Subscription,
} from 'rxjs';
import { type Memory, NOTHING_KNOWN } from './core/memory.js';
import type { Role } from './core/state.js';
import { type Names, refuseUnknown, requireObject, validText, validTime } from './options.js';
import type { Holder, Standing } from './store/lease-store.js';
import { onAbort } from './stream/abort.js';
import { Candidacy, type Environment } from './stream/candidacy.js';
import { iterate } from './stream/iterate.js';
import { inOwnContext } from './stream/own-context.js';
import { ask } from './stream/request.js';
import type { Term, Transition } from './stream/transition.js';

/** A candidate that stands by, as {@link Election.candidates} tells. */
export interface Candidate extends Omit<Standing, 'lastSeen'> {
  /** When it asked for the lease last, by the store's clock. */
  readonly lastSeen: Date;
}

/** What {@link Election.resign} takes. */
export interface ResignOptions {
  /** ms to stay out. Default: `ttl`. */
  readonly cooldown?: number | undefined;
  /** The id of the candidate that is to lead next. Default: who asked last, and hears notices. */
  readonly to?: string | undefined;
}

const RESIGN: Names<ResignOptions> = { cooldown: true, to: true };

/**
 * A standing in one election, as {@link elect} returns it: an `Observable` of this candidate's changes of role.
 *
 * Cold until the first subscription. All subscribers share one candidacy, late ones are told the current role first, and
 * when the last one unsubscribes the candidacy ends and its lease is released. Subscribing again stands anew, under a new
 * id. The stream never errors (failures are transitions with role `error`); it completes on {@link close}.
 */
export class Election extends Observable<Transition> implements AsyncIterable<Transition>, AsyncDisposable {
  /**
   * Who leads, as far as this candidate knows, oneself included: at once, then whenever the holder's id changes. `undefined` while
   * nobody is known to, and while this candidate stands aside after {@link resign}. Starts no candidacy, never errors, completes on {@link close}.
   */
  get leaders(): Observable<Holder | undefined> {
    this.#leaders ??= this.#leadersSeen();
    return this.#leaders;
  }

  readonly #environment: Environment;
  readonly #signal: AbortSignal | undefined;
  /** Both made for the first who asks: most of many elections are not asked. */
  #leaders: Observable<Holder | undefined> | undefined;
  #news: Subject<void> | undefined;
  #memory: Memory = NOTHING_KNOWN;
  #subscribers = 0;
  #candidacy: Candidacy | undefined;
  /** Emits and completes once what the last candidacy left behind has settled. */
  #leaving: Observable<boolean> | undefined;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(environment: Environment, signal: AbortSignal | undefined) {
    super((subscriber) => {
      if (subscriber.closed) return; // an operator gave up while it was subscribing: there is nobody to stand for
      if (signal?.aborted) void this.close();
      if (this.#closed) subscriber.complete();
      else this.#join(subscriber);
    });
    this.#environment = environment;
    this.#signal = signal;
  }

  /** The role of the last transition told; `undefined` before, between and after candidacies. */
  get role(): Role | undefined {
    return this.#candidacy?.current?.role;
  }

  /** Whether this candidate leads at this instant, by the clock: false from the deadline on, even where no timer has rung yet. */
  get isLeading(): boolean {
    return this.#candidacy?.term !== undefined;
  }

  /** The current term, exactly while {@link isLeading}. */
  get term(): Term | undefined {
    return this.#candidacy?.term;
  }

  /**
   * Resigns: ends the term, releases its lease once the work has stopped, stays out for `cooldown` ms from then (default `ttl`; 0 …
   * 2³¹ − 1), then stands again. Resolves to whether the store has confirmed that a lease was given up; for a follower to false, without effect.
   * During an exit it joins that exit. Rejects only for a wrong option, with `INVALID_OPTION`.
   *
   * `to` is the id of the candidate that is to lead next, of {@link candidates}: it alone is told of the release at first, and all others when
   * it leads, or a quarter of a `timeout` later. It is a wish: who is gone by then, or hears no notices, is not waited for any longer.
   */
  async resign(options: ResignOptions = {}): Promise<boolean> {
    requireObject(options, 'an object such as { cooldown, to }');
    refuseUnknown(options, RESIGN);
    const { cooldown, to } = options;
    const pause = validTime('cooldown', cooldown, this.#environment.settings.ttl, 0);
    const successor = to === undefined ? {} : { successor: validText('to', to) };
    const candidacy = this.#candidacy;
    candidacy?.check();
    if (candidacy && (candidacy.term || candidacy.isExiting)) {
      return firstValueFrom(candidacy.exit('resigned', { cooldown: pause, ...successor }));
    }
    return this.#leaving ? firstValueFrom(this.#leaving) : false;
  }

  /**
   * Who stands by, by the store's list: those who were refused the lease within the last one and a half `ttl`, who asked last first; at most a
   * thousand. The leader is not among them, unless under the id of an earlier attempt; who has crashed still may be. Starts no candidacy.
   * Rejects with the `ElectionError` of the failed request.
   */
  async candidates(): Promise<Candidate[]> {
    const { store, settings, scheduler } = this.#environment;
    const { key, timeout, ttl } = settings;
    const { candidates } = await firstValueFrom(ask(store, { verb: 'list', key, timeout, ttl }, scheduler));
    return candidates.map((candidate) => ({ ...candidate, lastSeen: new Date(candidate.lastSeen) }));
  }

  /**
   * Leaves for good: `follower`/`closed` if it led, then completion, then, once the work has stopped, the release. Resolves when that has
   * settled, after at most `drain` + `timeout`; never rejects. Subscribing afterwards completes at once.
   */
  close(): Promise<void> {
    if (!this.#closed) {
      let settled = () => {};
      this.#closed = new Promise((resolve) => {
        settled = resolve;
      });
      this.#leave();
      if (this.#leaving) this.#leaving.subscribe({ complete: settled });
      else settled();
      if (!this.#candidacy) this.#news?.complete(); // else with the candidacy, once everyone has been told
    }
    return this.#closed;
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Changes of role for `for await`. Stands from the call on. A slow loop misses no end of a term it was told of, but is never
   * told of a leadership that is over by the time it asks. Leaving the loop unsubscribes, and waits for the release where
   * this was the last subscriber.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Transition> {
    return iterate(this, async () => {
      if (this.#subscribers === 0 && this.#leaving) await firstValueFrom(this.#leaving);
    });
  }

  #join(subscriber: Subscriber<Transition>): void {
    this.#subscribers += 1;
    subscriber.add(() => this.#part());
    const candidacy = this.#candidacy;
    if (!candidacy) {
      this.#stand(subscriber);
      return;
    }
    candidacy.check();
    // Whoever was told of its end by that may have closed this election.
    if (this.#candidacy === candidacy) candidacy.join(subscriber);
    else subscriber.complete();
  }

  #part(): void {
    this.#subscribers -= 1;
    if (this.#subscribers === 0) this.#leave();
  }

  /** Starts a candidacy, as soon as the one before has nothing of its own left in the store. */
  #stand(subscriber: Subscriber<Transition>): void {
    const heed = this.#heedSignal();
    const candidacy = new Candidacy(this.#environment, {
      learnt: () => this.#news?.next(),
      // Before any subscriber, so that those find the election without a candidacy when they are told of the completion.
      over: () => {
        heed?.unsubscribe();
        this.#forget(candidacy);
      },
    });
    this.#candidacy = candidacy;
    candidacy.join(subscriber);
    const start = () => {
      if (this.#candidacy === candidacy) candidacy.start(this.#memory);
    };
    if (this.#leaving) this.#leaving.subscribe({ complete: start });
    else start();
  }

  /** Lets the signal close this election until unsubscribed: only while somebody listens, or a long-lived signal would keep it. */
  #heedSignal(): Subscription | undefined {
    return this.#signal && onAbort(this.#signal, () => void this.close());
  }

  /** Ends the candidacy, if there is one; what it learnt is kept, and the next one waits until it has settled. */
  #leave(): void {
    const candidacy = this.#candidacy;
    if (!candidacy) return;
    // Without subscribers there is nobody left to be told, and whoever subscribes from now on stands anew.
    if (this.#subscribers === 0) this.#candidacy = undefined;
    if (candidacy.memory === undefined) {
      candidacy.exit('closed'); // it never began and has nothing to settle; what it waited for is still being left
      return;
    }
    const leaving = new AsyncSubject<boolean>();
    this.#leaving = leaving;
    leaving.subscribe({
      complete: () => {
        this.#memory = candidacy.memory ?? this.#memory;
        if (this.#leaving === leaving) this.#leaving = undefined;
      },
    });
    candidacy.exit('closed').subscribe(leaving);
  }

  /** A candidacy that still has subscribers completes by `close()` alone; one without has been left before. */
  #forget(candidacy: Candidacy): void {
    if (this.#candidacy !== candidacy) return;
    this.#candidacy = undefined;
    this.#news?.complete();
  }

  #leadersSeen(): Observable<Holder | undefined> {
    return new Observable((subscriber) => {
      if (this.#signal?.aborted) void this.close();
      this.#candidacy?.check();
      subscriber.add(this.#heedSignal());
      this.#news ??= new Subject();
      if (this.#closed && !this.#candidacy) this.#news.complete();
      const leaders = merge(this.#news, of(undefined)).pipe(
        map(() => this.#holder()),
        distinctUntilChanged((before, now) => before?.id === now?.id),
        inOwnContext(),
      );
      subscriber.add(leaders.subscribe(subscriber));
    });
  }

  #holder(): Holder | undefined {
    const known = this.#candidacy?.holder;
    if (!known) return undefined;
    const expiresIn = Math.max(0, known.holder.expiresIn - (this.#environment.clock.now() - known.at));
    return { ...known.holder, expiresIn };
  }
}
