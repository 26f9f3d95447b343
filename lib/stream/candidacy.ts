import { AsyncSubject, type Observable, type Subscriber } from 'rxjs';
import { holderOf } from '../core/lead.js';
import type { Memory } from '../core/memory.js';
import { guard } from '../core/settings.js';
import type { Decision, Event, ExitOptions, KnownHolder, State } from '../core/state.js';
import type { Notice } from '../port/lease-store.js';
import type { Environment } from './environment.js';
import { type NoticeHandler, NoticeSubscriber } from './notice-subscriber.js';
import { type CandidacyEvents, Publisher } from './publisher.js';
import { RequestInFlight } from './request-in-flight.js';
import { type StepEffects, StepLoop } from './step-loop.js';
import { type SuspendListener, suspendDetectorOf } from './suspend-detector.js';
import { LiveTerm } from './term.js';
import type { TimerTarget } from './timer-wheel.js';
import type { Transition } from './transition.js';
import { WakeUp } from './wake-up.js';

/**
 * One candidacy, from its start to the end of its exit. It carries out what the pure `step`
 * decides: it begins and ends terms, publishes changes of role, and keeps the request in flight and
 * the alarm that the state asks for. Replies, notices and alarms are the events of the next steps.
 */
export class Candidacy implements NoticeHandler, TimerTarget, SuspendListener, StepEffects {
  readonly #environment: Environment;
  readonly #loop: StepLoop;
  readonly #publisher: Publisher;
  readonly #request: RequestInFlight;
  readonly #wakeUp: WakeUp;
  readonly #notices = new NoticeSubscriber(this);
  #isStarted = false;
  #isClosing = false;
  #term: LiveTerm | undefined;
  #exit: AsyncSubject<boolean> | undefined;

  constructor(environment: Environment, events: CandidacyEvents) {
    const { clock, scheduler, settings } = environment;
    this.#environment = environment;
    // Half of the guard, or the guard would be over before the suspension is noticed.
    const suspendDetector = suspendDetectorOf(clock, scheduler, guard(settings.ttl) / 2);
    this.#loop = new StepLoop(environment, this);
    this.#publisher = new Publisher(events);
    this.#request = new RequestInFlight(environment, suspendDetector, this.#loop);
    this.#wakeUp = new WakeUp(environment, suspendDetector, this);
  }

  /** The last transition published. */
  get current(): Transition | undefined {
    return this.#publisher.current;
  }

  /** What this candidacy knows of its store; undefined if it never started. */
  get memory(): Memory | undefined {
    const { memory, mustProbe } = this.#loop.state;
    return this.#isStarted ? { ...memory, mustProbe } : undefined;
  }

  /** The holder, as far as this candidate knows. Never this candidate past its deadline. */
  get holder(): KnownHolder | undefined {
    const { state } = this.#loop;
    if (state.phase === 'leading' && !this.term) return undefined;
    return holderOf(state, this.#environment.settings);
  }

  /** The current term; undefined from its deadline on, even before its end is published. */
  get term(): LiveTerm | undefined {
    return this.#term?.alive ? this.#term : undefined;
  }

  /**
   * Whether this candidate is leaving after a term, or after a request that may still begin one.
   */
  get isExiting(): boolean {
    return this.#exit !== undefined;
  }

  /** Begins to campaign with what earlier candidacies have learnt. */
  start(memory: Memory): void {
    const { store, settings, preflight } = this.#environment;
    this.#loop.restart(memory);
    this.#isStarted = true; // first: the store may send a notice synchronously
    this.#notices.listen(() => store.notices?.(settings.key));
    this.check();
    // After the first request, which the preflight must not delay.
    this.#notices.add(preflight?.run(settings).subscribe());
  }

  /** Adds a subscriber: it receives the current role, then each change in order, then the end. */
  join(subscriber: Subscriber<Transition>): void {
    this.#publisher.join(subscriber);
    this.#loop.proceed();
  }

  /**
   * Leaves; for good without a `cooldown`. Emits once when the exit has settled: whether the store
   * confirmed that it released a lease.
   */
  exit(reason: 'resigned' | 'closed', options: ExitOptions = {}): Observable<boolean> {
    this.#exit ??= new AsyncSubject<boolean>();
    const settled = this.#exit;
    if (options.cooldown === undefined) this.#isClosing = true;
    this.#loop.dispatch({ kind: 'exit', reason, ...options });
    return settled;
  }

  onNotice(notice: Notice): void {
    this.#loop.dispatch({ kind: 'notice', notice });
  }

  fire(now: number): void {
    this.#loop.dispatch({ kind: 'wake' }, now);
  }

  /** Checks the clock: a term past its deadline ends here and now. */
  check(): void {
    if (this.#isStarted) this.#loop.dispatch({ kind: 'wake' });
  }

  cancelTimers(): void {
    this.#wakeUp.cancel();
    this.#request.distrustTimeout();
  }

  onStep(event: Event, before: State['phase'], decisions: readonly Decision[], now: number): void {
    const { state } = this.#loop;
    if ('term' in state && this.#term && state.term) this.#term.extend(state.term.deadline);
    for (const decision of decisions) this.#decide(decision);
    if (state.phase === 'exiting' && before !== 'exiting' && !state.drained) this.#drain();
    this.#wakeUp.detectSuspends(state.phase === 'leading' || (state.phase === 'exiting' && !state.drained));
    this.#wakeUp.arm(state, this.#request, now);
    if ((event.kind === 'exit' || before === 'exiting') && state.phase !== 'exiting') this.#settle(state);
  }

  get isPublishing(): boolean {
    return this.#publisher.isPublishing;
  }

  publish(): void {
    this.#publisher.publish();
    // After the transitions: a former leader learns first that it leads no more.
    this.#publisher.publishHolder(this.#loop.state.holder?.holder.id);
    if (this.#isClosing) this.#publisher.complete();
  }

  sendRequest(): void {
    const sentAt = this.#request.replaceBy(this.#loop.state.sent);
    if (sentAt !== undefined) this.#wakeUp.arm(this.#loop.state, this.#request, sentAt);
  }

  /** Applies a change of role at once, and queues its transition. */
  #decide(decision: Decision): void {
    const { clock } = this.#environment;
    const at = new Date(clock.wall?.() ?? Date.now());
    if (decision.role === 'leader') {
      this.#term = new LiveTerm(decision.term, clock);
      this.#publisher.post({ role: 'leader', at, term: this.#term });
      return;
    }
    if (decision.role === 'follower') {
      const term = this.#term;
      // On an exit, the lease lasts through the drain.
      if (this.#loop.state.phase !== 'exiting') this.#forgetTerm();
      term?.end(decision.reason);
    }
    this.#publisher.post({ at, ...decision });
  }

  /**
   * Waits for the leader-only work: the end of the call stack, then the promises given to
   * `waitUntil`.
   */
  #drain(): void {
    const term = this.#term;
    const drained = () => {
      // Work that outlasted the drain of its own term says nothing about a later term.
      if (this.#term === term) this.#loop.dispatch({ kind: 'drained' });
    };
    this.#environment.soon.schedule(() => (term ? term.whenIdle(drained) : drained()));
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
