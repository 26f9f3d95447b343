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
import { type Memory, NOTHING_KNOWN } from '../core/memory.js';
import type { Role } from '../core/state.js';
import type { Holder } from '../port/lease-store.js';
import { onAbort } from '../stream/abort.js';
import { Candidacy } from '../stream/candidacy.js';
import type { Environment } from '../stream/environment.js';
import { inOwnContext } from '../stream/own-context.js';
import { sendRequest } from '../stream/request.js';
import type { Term, Transition } from '../stream/transition.js';
import type { Candidate, Election, ResignOptions } from './election.js';
import { iterate } from './iterate.js';
import { type Names, refuseUnknown, requireObject, validText, validTime } from './validation.js';

const RESIGN: Names<ResignOptions> = { cooldown: true, to: true };

/**
 * Runs one candidacy at a time for all subscribers, and keeps what a candidacy has learnt for the
 * next one.
 */
export class LiveElection extends Observable<Transition> implements Election {
  readonly #environment: Environment;
  readonly #signal: AbortSignal | undefined;
  /** Both are created on first use, because most elections in a large process never use them. */
  #leaders: Observable<Holder | undefined> | undefined;
  #holderChanges: Subject<void> | undefined;
  #memory: Memory = NOTHING_KNOWN;
  #subscribers = 0;
  #candidacy: Candidacy | undefined;
  /** Emits and completes once the exit of the last candidacy has settled. */
  #pendingExit: Observable<boolean> | undefined;
  #closed: Promise<void> | undefined;

  constructor(environment: Environment, signal: AbortSignal | undefined) {
    super((subscriber) => {
      if (subscriber.closed) return; // an operator cancelled while it was subscribing
      if (signal?.aborted) void this.close();
      if (this.#closed) subscriber.complete();
      else this.#subscribed(subscriber);
    });
    this.#environment = environment;
    this.#signal = signal;
  }

  get role(): Role | undefined {
    return this.#candidacy?.current?.role;
  }

  get isLeading(): boolean {
    return this.#candidacy?.term !== undefined;
  }

  get term(): Term | undefined {
    return this.#candidacy?.term;
  }

  get leaders(): Observable<Holder | undefined> {
    this.#leaders ??= this.#createLeaders();
    return this.#leaders;
  }

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
    return this.#pendingExit ? firstValueFrom(this.#pendingExit) : false;
  }

  async candidates(): Promise<Candidate[]> {
    const { store, settings, scheduler } = this.#environment;
    const { key, timeout, ttl } = settings;
    const { candidates } = await firstValueFrom(sendRequest(store, { verb: 'list', key, timeout, ttl }, scheduler));
    return candidates.map((candidate) => ({ ...candidate, lastSeen: new Date(candidate.lastSeen) }));
  }

  close(): Promise<void> {
    if (!this.#closed) {
      let settled = () => {};
      this.#closed = new Promise((resolve) => {
        settled = resolve;
      });
      this.#endCandidacy();
      if (this.#pendingExit) this.#pendingExit.subscribe({ complete: settled });
      else settled();
      if (!this.#candidacy) this.#holderChanges?.complete(); // else the end of the candidacy completes it
    }
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Transition> {
    return iterate(this, async () => {
      if (this.#subscribers === 0 && this.#pendingExit) await firstValueFrom(this.#pendingExit);
    });
  }

  #subscribed(subscriber: Subscriber<Transition>): void {
    this.#subscribers += 1;
    subscriber.add(() => this.#unsubscribed());
    const candidacy = this.#candidacy;
    if (!candidacy) {
      this.#startCandidacy(subscriber);
      return;
    }
    candidacy.check();
    // The check can emit the end of a term, and a subscriber may then have closed this election.
    if (this.#candidacy === candidacy) candidacy.join(subscriber);
    else subscriber.complete();
  }

  #unsubscribed(): void {
    this.#subscribers -= 1;
    if (this.#subscribers === 0) this.#endCandidacy();
  }

  /** Starts a candidacy once the previous one has settled its exit. */
  #startCandidacy(subscriber: Subscriber<Transition>): void {
    const abortSubscription = this.#closeOnAbort();
    const candidacy = new Candidacy(this.#environment, {
      holderChanged: () => this.#holderChanges?.next(),
      // Runs before subscribers complete, so that they see the election without a candidacy.
      ended: () => {
        abortSubscription?.unsubscribe();
        this.#detach(candidacy);
      },
    });
    this.#candidacy = candidacy;
    candidacy.join(subscriber);
    const start = () => {
      if (this.#candidacy === candidacy) candidacy.start(this.#memory);
    };
    if (this.#pendingExit) this.#pendingExit.subscribe({ complete: start });
    else start();
  }

  /**
   * Lets the signal close this election until unsubscribed.
   * It listens only while there are subscribers, or a long-lived signal would retain this election.
   */
  #closeOnAbort(): Subscription | undefined {
    return this.#signal && onAbort(this.#signal, () => void this.close());
  }

  /**
   * Ends the candidacy, if any, and keeps what it has learnt. The next candidacy waits for its
   * exit.
   */
  #endCandidacy(): void {
    const candidacy = this.#candidacy;
    if (!candidacy) return;
    // Without subscribers nobody needs the end of this candidacy. A new subscriber starts a new
    // one.
    if (this.#subscribers === 0) this.#candidacy = undefined;
    if (candidacy.memory === undefined) {
      // It never started and has nothing to settle; the exit that it waited for continues.
      candidacy.exit('closed');
      return;
    }
    const pendingExit = new AsyncSubject<boolean>();
    this.#pendingExit = pendingExit;
    pendingExit.subscribe({
      complete: () => {
        this.#memory = candidacy.memory ?? this.#memory;
        if (this.#pendingExit === pendingExit) this.#pendingExit = undefined;
      },
    });
    candidacy.exit('closed').subscribe(pendingExit);
  }

  /**
   * A candidacy with subscribers completes only by `close()`. One without subscribers was already
   * detached.
   */
  #detach(candidacy: Candidacy): void {
    if (this.#candidacy !== candidacy) return;
    this.#candidacy = undefined;
    this.#holderChanges?.complete();
  }

  #createLeaders(): Observable<Holder | undefined> {
    return new Observable((subscriber) => {
      if (this.#signal?.aborted) void this.close();
      this.#candidacy?.check();
      subscriber.add(this.#closeOnAbort());
      this.#holderChanges ??= new Subject();
      if (this.#closed && !this.#candidacy) this.#holderChanges.complete();
      const leaders = merge(this.#holderChanges, of(undefined)).pipe(
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
