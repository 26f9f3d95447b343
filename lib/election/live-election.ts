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

/** Runs one candidacy at a time for all subscribers, and keeps between them what the last one learnt. */
export class LiveElection extends Observable<Transition> implements Election {
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
    this.#leaders ??= this.#leadersSeen();
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
    return this.#leaving ? firstValueFrom(this.#leaving) : false;
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
      this.#leave();
      if (this.#leaving) this.#leaving.subscribe({ complete: settled });
      else settled();
      if (!this.#candidacy) this.#news?.complete(); // else with the candidacy, once everyone has been told
    }
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

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
      holderChanged: () => this.#news?.next(),
      // Before any subscriber, so that those find the election without a candidacy when they are told of the completion.
      ended: () => {
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
