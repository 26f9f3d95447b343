import { AsyncSubject, type Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import { inPlaceOf } from '../core/in-place.js';
import { holderOf } from '../core/lead.js';
import { type Memory, NOTHING_KNOWN } from '../core/memory.js';
import { earliness, guard, type Settings } from '../core/settings.js';
import type { Context, Decision, Event, ExitOptions, KnownHolder, Sent, State } from '../core/state.js';
import { initialState, isRenewal, step, wakeAt } from '../core/step.js';
import type { ElectionError } from '../port/errors.js';
import type { CandidateReply, CandidateRequest, LeaseStore, Notice } from '../port/lease-store.js';
import { Alarm } from './alarm.js';
import { Listener } from './listener.js';
import { type NoticeHandler, NoticeSubscriber } from './notice-subscriber.js';
import { PendingRequest } from './request.js';
import { type SuspendDetector, type SuspendListener, suspendDetectorOf } from './suspend-detector.js';
import { LiveTerm } from './term.js';
import { type TimerTarget, type TimerWheel, timeoutWheelOf, timerWheelOf } from './timer-wheel.js';
import type { Transition } from './transition.js';

/** The outside world of a candidacy. */
export interface Environment {
  readonly store: LeaseStore;
  /** Elections with the same one share timers. */
  readonly timersOf: object;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Runs the timers. */
  readonly scheduler: SchedulerLike;
  /** Runs what must come right after the current call stack, and nothing later. */
  readonly soon: SchedulerLike;
  readonly random: () => number;
  readonly nextId: (settings: Settings) => string;
  /** Looks for what will bite, for as long as a candidacy lasts; emits nothing, and never fails. */
  readonly preflight?: {
    run(settings: Settings): Observable<never>;
    onReply(reply: CandidateReply, settings: Settings): void;
    onFailure(error: ElectionError): void;
  };
}

/** What a candidacy tells beside its transitions. */
export interface CandidacyEvents {
  /** Another holder is known, or none. */
  holderChanged(): void;
  /** Everyone has been told of the end: there will be no more transitions. */
  ended(): void;
}

/**
 * One candidacy, from its start to the end of its exit: a loop of two streams around the pure {@link step}. The state says
 * which request should be in flight and when to be woken; their answers are the events that make the next state.
 */
export class Candidacy implements NoticeHandler, TimerTarget, SuspendListener {
  /** The last transition told to everyone. */
  current: Transition | undefined;

  readonly #environment: Environment;
  readonly #news: CandidacyEvents;
  readonly #alarm: Alarm;
  readonly #timeouts: TimerWheel;
  readonly #vigil: SuspendDetector;
  /** Never changed, but replaced: whoever comes or goes while others are told does not disturb that. */
  #listeners: readonly Listener[] = [];
  #learntOf: string | undefined;
  readonly #inbox: Array<{ readonly event: Event; readonly now: number }> = [];
  #outbox: readonly Transition[] = [];
  readonly #notices = new NoticeSubscriber(this);
  #state: State;
  #started = false;
  #stepping = false;
  #delivering = false;
  #closing = false;
  #isOver = false;
  #term: LiveTerm | undefined;
  #isWatching = false;
  #sent: Sent | undefined;
  #exchange: PendingRequest<CandidateRequest> | undefined;
  /** Own time by which that request is over for certain, answered or not; Infinity where a timer may be late by as long as the machine slept. */
  #overBy = Number.POSITIVE_INFINITY;
  #exit: AsyncSubject<boolean> | undefined;

  constructor(environment: Environment, news: CandidacyEvents) {
    const { timersOf, clock, scheduler, settings } = environment;
    this.#environment = environment;
    this.#news = news;
    // Half of the guard, or it would be spent before it is noticed.
    this.#vigil = suspendDetectorOf(clock, scheduler, guard(settings.ttl) / 2);
    this.#alarm = new Alarm(timerWheelOf(timersOf, this.#vigil, earliness(settings)), this);
    this.#timeouts = timeoutWheelOf(timersOf, this.#vigil, settings.timeout);
    this.#state = initialState(NOTHING_KNOWN, this.#context(environment.clock.now()));
  }

  /** What this candidacy knows of its store; undefined if it never began. */
  get memory(): Memory | undefined {
    const { memory, mustProbe } = this.#state;
    return this.#started ? { ...memory, mustProbe } : undefined;
  }

  /** Who leads, as far as this candidate knows, and since when it knows. Not oneself past the deadline, announced or not. */
  get holder(): KnownHolder | undefined {
    if (this.#state.phase === 'leading' && !this.term) return undefined;
    return holderOf(this.#state, this.#environment.settings);
  }

  /** The current term; undefined from its deadline on, announced or not. */
  get term(): LiveTerm | undefined {
    return this.#term?.alive ? this.#term : undefined;
  }

  /** Whether this candidate is on its way out after a term, or after a request that may still make one. */
  get isExiting(): boolean {
    return this.#exit !== undefined;
  }

  /** Begins to campaign, knowing what earlier candidacies have learnt. */
  start(memory: Memory): void {
    const { store, settings, clock, preflight } = this.#environment;
    this.#state = initialState(memory, this.#context(clock.now()));
    this.#started = true; // a store may tell at once that it listens, and answer at once what is asked for that
    this.#notices.listen(() => store.notices?.(settings.key));
    this.check();
    // After the first request, which it must not hold up.
    this.#notices.add(preflight?.run(settings).subscribe());
  }

  onNotice(notice: Notice): void {
    this.#dispatch({ kind: 'notice', notice });
  }

  fire(now: number): void {
    this.#dispatch({ kind: 'wake' }, now);
  }

  /** Looks at the clock: a term past its deadline ends here and now. */
  check(): void {
    if (this.#started) this.#dispatch({ kind: 'wake' });
  }

  /** Leaves; for good without a `cooldown`. Emits once when settled: whether the store confirmed that a lease was given up. */
  exit(reason: 'resigned' | 'closed', manner: ExitOptions = {}): Observable<boolean> {
    this.#exit ??= new AsyncSubject<boolean>();
    const settled = this.#exit;
    if (manner.cooldown === undefined) this.#closing = true;
    this.#dispatch({ kind: 'exit', reason, ...manner });
    return settled;
  }

  #context(now: number): Context {
    const { settings, random, nextId } = this.#environment;
    return { settings, now, random, nextId };
  }

  /** Everything that happens comes through here, one after the other, also what happens while something else is handled. */
  #dispatch(event: Event, now = this.#environment.clock.now()): void {
    if (this.#stepping) {
      this.#inbox.push({ event, now });
      return;
    }
    this.#stepping = true;
    this.#step(event, now);
    this.#stepping = false;
    this.#proceed();
  }

  /**
   * Steps, tells, then asks, until nothing is left of any. Told before anything is asked: work that ends by being told has ended
   * before a lease is given up.
   */
  #proceed(): void {
    if (this.#stepping) return;
    do {
      this.#stepping = true;
      for (let item = this.#inbox.shift(); item; item = this.#inbox.shift()) this.#step(item.event, item.now);
      this.#stepping = false;
      if (this.#delivering) return; // whoever is telling goes on from here
      this.#deliver();
      this.#stepping = true;
      this.#send();
      this.#stepping = false;
    } while (this.#inbox.length > 0);
  }

  #step(event: Event, now: number): void {
    const { phase } = this.#state;
    const { state: after, decisions } = step(this.#state, event, this.#context(now));
    const state = inPlaceOf(this.#state, after);
    this.#state = state;
    if ('term' in state && this.#term && state.term) this.#term.extend(state.term.deadline);
    for (const decision of decisions) this.#decide(decision);
    if (state.phase === 'exiting' && phase !== 'exiting' && !state.drained) this.#drain();
    this.#keepVigil(state.phase === 'leading' || (state.phase === 'exiting' && !state.drained));
    this.#arm(state, now);
    if ((event.kind === 'exit' || phase === 'exiting') && state.phase !== 'exiting') this.#settle(state);
  }

  /** Applies a change of role at once and queues it for telling: subscribers hear one at a time, in order. */
  #decide(decision: Decision): void {
    const { clock } = this.#environment;
    const at = new Date(clock.wall?.() ?? Date.now());
    if (decision.role === 'leader') {
      this.#term = new LiveTerm(decision.term, clock);
      this.#post({ role: 'leader', at, term: this.#term });
      return;
    }
    if (decision.role === 'follower') {
      const term = this.#term;
      if (this.#state.phase !== 'exiting') this.#forgetTerm(); // otherwise the lease outlives the term, through the drain
      term?.end(decision.reason);
    }
    this.#post({ at, ...decision });
  }

  #post(transition: Transition): void {
    this.#outbox = [...this.#outbox, transition];
  }

  #deliver(): void {
    this.#delivering = true;
    while (this.#outbox.length > 0) {
      const [transition, ...later] = this.#outbox;
      this.#outbox = later;
      if (transition) this.#tell(transition);
    }
    this.#delivering = false;
    // After the transitions: who was leader until now is told of that before anything else.
    const { holder } = this.#state;
    const isNews = holder?.holder.id !== this.#learntOf;
    this.#learntOf = holder?.holder.id;
    if (isNews) this.#news.holderChanged();
    if (!this.#closing || this.#isOver) return;
    this.#isOver = true;
    this.#news.ended();
    for (const listener of this.#listeners) listener.complete();
  }

  /**
   * Tells a newcomer the current role, and from then on each change, in order; completes when that is over. What the first makes it do is told
   * afterwards: it is not among the others yet, and would miss it.
   */
  join(subscriber: Subscriber<Transition>): void {
    const delivering = this.#delivering;
    this.#delivering = true;
    const listener = new Listener(subscriber);
    if (this.current) listener.next(this.current);
    if (this.#isOver) listener.complete();
    this.#listeners = this.#listeners.concat(listener); // a spread array has room for more, which most never need
    subscriber.add(() => {
      this.#listeners = this.#listeners.filter((each) => each !== listener);
    });
    this.#delivering = delivering;
    this.#proceed();
  }

  #tell(transition: Transition): void {
    // A term that ended before anyone heard of it has never been: nobody is told to start work that must stop at once.
    if (transition.role === 'leader' && transition.term !== this.term) return;
    if (transition.role === this.current?.role) return;
    this.current = transition;
    for (const listener of this.#listeners) listener.next(transition);
  }

  /** Waits for the leader-only work: for what stops synchronously until the call stack is done, for the rest as it asked. */
  #drain(): void {
    const term = this.#term;
    const drained = () => {
      // Work that outlived the drain of its own term says nothing about a later one.
      if (this.#term === term) this.#dispatch({ kind: 'drained' });
    };
    this.#environment.soon.schedule(() => (term ? term.whenIdle(drained) : drained()));
  }

  /** The request in flight is the one that the state says. */
  #send(): void {
    const { sent } = this.#state;
    if (sent === this.#sent) return;
    this.#sent = sent;
    this.#overBy = Number.POSITIVE_INFINITY;
    if (this.#exchange) this.#exchange.bucket?.remove(this.#exchange);
    this.#exchange?.unsubscribe();
    this.#exchange = undefined;
    if (!sent) return;
    const { store, settings, clock, preflight } = this.#environment;
    const exchange = new PendingRequest(
      sent.request,
      (reply) => {
        preflight?.onReply(reply, settings);
        this.#dispatch({ kind: 'reply', sent, reply });
      },
      (error) => {
        preflight?.onFailure(error);
        this.#dispatch({ kind: 'failure', sent, error });
      },
    );
    exchange.send(store);
    if (exchange.closed) return; // answered already
    this.#exchange = exchange;
    const now = clock.now();
    this.#overBy = Math.ceil(now) + sent.request.timeout;
    this.#timeouts.schedule(this.#overBy, exchange);
    this.#arm(this.#state, now);
  }

  /**
   * Only with a vigil is an alarm shared: what others share may have been set before the machine slept, and ring late. None is set beside a request that
   * is over before: thousands of leaders would set one for each renewal, only to take it back.
   */
  #arm(state: State, now: number): void {
    const at = wakeAt(state);
    const { sent } = state;
    if (sent && (sent !== this.#sent || this.#overBy < at)) this.#alarm.cancel();
    else if (this.#isWatching) this.#alarm.share(at, isRenewal(state), now);
    else this.#alarm.set(at);
  }

  /** As long as there is a lease, a machine that was suspended must not leave its timers to ring as late as it slept. */
  #keepVigil(holds: boolean): void {
    if (holds === this.#isWatching) return;
    this.#isWatching = holds;
    if (holds) this.#vigil.join(this);
    else this.#vigil.leave(this);
  }

  cancelTimers(): void {
    this.#alarm.cancel();
    this.#overBy = Number.POSITIVE_INFINITY;
  }

  #settle(state: State): void {
    const exit = this.#exit;
    this.#exit = undefined;
    this.#forgetTerm();
    if (state.phase === 'done') this.#notices.unsubscribe();
    exit?.next('released' in state && state.released);
    exit?.complete();
  }

  #forgetTerm(): void {
    this.#term?.giveUp();
    this.#term = undefined;
  }
}
