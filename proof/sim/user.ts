import type { Election, Term, Transition } from 'rx-leader';
import { EMPTY, interval, Subscription, switchMap, tap } from 'rxjs';
import type { Library } from '../library.js';
import type { Random } from '../random.js';
import type { Connection } from './link.js';
import type { Host } from './machine.js';
import type { Options, Style, Times } from './plan-schema.js';
import type { Reporter } from './reporter.js';

/** Observes a user. */
export interface UserObserver extends Reporter {
  joined(user: User): void;
  /** A voluntary exit begins. */
  leaving(user: User): void;
  resigned(user: User, cooldown: number): void;
  left(user: User): void;
  received(user: User, transition: Transition): void;
  workStarted(user: User, term: Term): void;
  workStopped(term: Term): void;
  /** Counts `promise` as work that a voluntary exit must wait for. */
  trackWork(term: Term, promise: Promise<void>): Promise<void>;
  /** Whether `term` was over before this instant. */
  wasOver(term: Term): boolean;
  /** A microtask is about to run. */
  expectMicrotasks(): void;
}

/** ms between two steps of leader-only work, as a part of the ttl. */
const WORK_EVERY = 1 / 7;

/** A process that stands in the election, and checks that it receives what it was promised. */
export class User {
  readonly machine: Host;
  readonly link: Connection;
  readonly election: Election;
  readonly style: Style;
  readonly options: Times;
  /** The term of the leadership that was announced last, while it lasts. */
  term: Term | undefined;
  isReentrant: boolean;
  /** True time until which it may stand aside after a resignation. */
  coolingUntil = 0;
  /** Counts candidacies. */
  candidacies = 0;
  isStanding = false;
  isClosed = false;
  readonly #observer: UserObserver;
  readonly #random: Random;
  readonly #library: Library;
  readonly #ttl: number;
  readonly #abort = new AbortController();
  #subscription = Subscription.EMPTY;
  #lastRole: Transition['role'] | undefined;
  #iterator: AsyncIterator<Transition> | undefined;

  constructor(
    library: Library,
    link: Connection,
    random: Random,
    options: Times & Options,
    style: Style,
    observer: UserObserver,
  ) {
    const { machine } = link;
    this.machine = machine;
    this.link = link;
    this.style = style;
    this.options = options;
    this.isReentrant = style.reentrancy > 0;
    this.#observer = observer;
    this.#random = random;
    this.#library = library;
    const environment = library.environment({
      ...options,
      name: machine.process.name,
      store: link,
      scheduler: machine.scheduler,
      clock: machine.clock,
    });
    this.#ttl = environment.settings.ttl;
    let ids = 0;
    const drawn = {
      random: () => random.next(),
      nextId: () => `${machine.name}#${++ids}`,
      soon: machine.soon,
      timersOf: machine.process,
    };
    this.election = new library.LiveElection({ ...environment, ...drawn }, this.#abort.signal);
  }

  /** The latest role that it received. */
  get role(): Transition['role'] | undefined {
    return this.#lastRole;
  }

  join(): void {
    if (this.isStanding || this.isClosed || this.machine.isDead) return;
    this.isStanding = true;
    this.candidacies += 1;
    this.#observer.joined(this);
    const stand = this.candidacies;
    const { election } = this;
    this.#subscription = new Subscription();
    this.#subscription.add(
      election.subscribe({
        next: (transition) => this.#notified(transition, stand),
        error: (error) => this.#observer.report('contract', `${this.machine.name}: the stream errors: ${error}`),
        complete: () => this.#completed(),
      }),
    );
    if (this.style.work !== 'none') this.#subscription.add(this.#startWork(stand));
    if (this.style.loop) void this.#runLoop();
  }

  leave(): void {
    if (!this.isStanding) return;
    this.isStanding = false;
    this.#observer.leaving(this);
    this.#subscription.unsubscribe();
    void this.#iterator?.return?.();
    this.#observer.expectMicrotasks();
    this.#left();
  }

  /** Ends its candidacy for good. Resolves when `close()` has settled. */
  close(how: 'close' | 'abort' = 'close'): Promise<void> {
    this.isClosed = true;
    this.#observer.leaving(this);
    if (how === 'abort') this.#abort.abort();
    const settled = this.election.close();
    this.#observer.expectMicrotasks();
    return settled;
  }

  /** Resigns, with `cooldown` in ms. */
  resign(cooldown: number): void {
    if (this.election.isLeading) this.#observer.resigned(this, cooldown);
    this.#observer.leaving(this);
    this.#observer.expectMicrotasks();
    const id = plausibleId(this.#random);
    const to = this.#random.pick(undefined, 'nobody', id, id.replace(/#.*/, '')); // a name
    void this.election.resign({ cooldown: Math.floor(cooldown), ...(to && { to }) });
  }

  #notified(transition: Transition, stand: number): void {
    const { election, machine } = this;
    const observer = this.#observer;
    observer.received(this, transition);
    if (!this.isStanding || stand !== this.candidacies)
      observer.report('G6', `${machine.name} is told ${transition.role} after it left`);
    if (election.role !== transition.role) {
      observer.report('contract', `${machine.name} is told ${transition.role} while its role is ${election.role}`);
    }
    this.#lastRole = transition.role;
    if (transition.role === 'leader') this.#startTerm(transition.term);
    else this.#endTerm();
    if (this.isReentrant && this.#random.chance(this.style.reentrancy)) this.#actFromWithin();
  }

  #startTerm(term: Term): void {
    this.term = term;
    const { machine, election } = this;
    term.signal.addEventListener('abort', () => {
      if (election.isLeading) this.#observer.report('G2', `${machine.name} still leads when its signal aborts`);
    });
  }

  /** Checks that the signal and `isLeading` already show the end of the term. */
  #endTerm(): void {
    const { term, machine, election } = this;
    this.term = undefined;
    if (term && !term.signal.aborted) this.#observer.report('G2', `${machine.name} is told before its signal aborts`);
    if (election.isLeading)
      this.#observer.report('G2', `${machine.name} is told that it does not lead while isLeading`);
  }

  #actFromWithin(): void {
    const act = this.#random.pick('leave', 'close', 'abort', 'resign');
    this.#observer.count(`${act} from within a transition`);
    if (act === 'leave') this.leave();
    else if (act === 'resign') this.resign(this.#random.between(0, this.#ttl));
    else void this.close(act);
  }

  #completed(): void {
    if (!this.isClosed) this.#observer.report('contract', `${this.machine.name}: the stream completes by itself`);
    this.isStanding = false;
    this.#left();
  }

  #left(): void {
    this.term = undefined;
    this.#lastRole = undefined;
    this.#observer.left(this);
  }

  /** Starts leader-only work, which claims leadership at each step. */
  #startWork(stand: number): Subscription {
    const { work, teardown } = this.style;
    const observer = this.#observer;
    const running = (term: Term) =>
      interval(this.#ttl * WORK_EVERY, this.machine.scheduler).pipe(
        tap({
          subscribe: () => observer.workStarted(this, term),
          finalize: () => observer.workStopped(term),
        }),
      );
    const project = (term: Term) => {
      if (work === 'promise') return observer.trackWork(term, this.#after(teardown));
      if (work === 'slow')
        term.waitUntil(
          observer.trackWork(
            term,
            this.#endOf(term).then(() => this.#after(teardown)),
          ),
        );
      return running(term);
    };
    const byHand = switchMap((t: Transition) => (t.role === 'leader' ? running(t.term) : EMPTY));
    const operator = work === 'switchMap' ? byHand : this.#library.whileLeader(project);
    return this.election.pipe(operator).subscribe(() => {
      const { election, machine } = this;
      if (!this.isStanding || stand !== this.candidacies)
        observer.report('G6', `work of ${machine.name} is forwarded after it left`);
      if (!election.isLeading && work !== 'promise' && work !== 'switchMap')
        observer.report('G2', `work of ${machine.name} is forwarded past its term`);
    });
  }

  #endOf(term: Term): Promise<void> {
    return new Promise((resolve) => {
      term.signal.addEventListener('abort', () => {
        this.#observer.expectMicrotasks();
        resolve();
      });
    });
  }

  /** Resolves after `ms`, by this machine's timers. */
  #after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.machine.scheduler.schedule(() => {
        this.#observer.expectMicrotasks();
        resolve();
      }, ms);
    });
  }

  /** Runs a loop like `for await`, but leaving it does not wait for the next transition. */
  async #runLoop(): Promise<void> {
    const { machine, election, style } = this;
    const observer = this.#observer;
    const iterator = election[Symbol.asyncIterator]();
    this.#iterator = iterator;
    let before: Transition['role'] | undefined;
    for (let result = await iterator.next(); !result.done; result = await iterator.next()) {
      const { value: transition } = result;
      const { role } = transition;
      if (role === before) observer.report('contract', `the loop of ${machine.name} is told ${role} twice`);
      if (before === 'leader' && role !== 'follower') {
        observer.report('contract', `the loop of ${machine.name} is told ${role} after leader`);
      }
      if (role === 'leader' && (observer.wasOver(transition.term) || isOverUntold(transition.term))) {
        observer.report('G2', `the loop of ${machine.name} is told of a leadership that is over`);
      }
      before = role;
      if (style.busy > 0) await this.#after(style.busy);
    }
  }
}

/** An id that a candidate may have. */
export const plausibleId = (random: Random): string => `m${random.whole(1, 4)}#${random.whole(1, 9)}`;

/** Whether the term is over by the clock, and nothing has announced it yet. */
const isOverUntold = (term: Term): boolean => !term.signal.aborted && term.remaining() <= 0;
