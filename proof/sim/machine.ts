import type { Clock } from 'rx-leader';
import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import type { Library } from '../library.js';
import type { Random } from '../random.js';
import type { EventQueue, ScheduledEvent } from './event-queue.js';

/**
 * How a process stands still. `paused`: the process is stopped or its event loop blocked, and all
 * clocks run. `suspended`: the machine's monotonic clock stops, its uptime does not. `frozen`:
 * every clock stops.
 */
export type Halt = 'paused' | 'suspended' | 'frozen';

/** Observes what happens in a process. */
export interface MachineObserver {
  /** The process runs again, before any overdue timer fires. */
  resumed(machine: Machine): void;
  /** One callback has ended. */
  ranCallback(machine: Machine): void;
}

interface Timer {
  /** By the monotonic clock. */
  readonly due: number;
  readonly run: () => void;
  entry: ScheduledEvent | undefined;
}

interface Task {
  readonly timer?: Timer;
  readonly run: () => void;
}

/** The process as one of its candidates sees it. Each candidate has its own name. */
export type Host = Pick<
  Machine,
  'process' | 'name' | 'clock' | 'scheduler' | 'soon' | 'isDead' | 'isRunning' | 'resumedAt' | 'timers' | 'receive'
>;

/** The resolution of `os.uptime()`, in ms. */
const UPTIME_STEP = 10;

/** A machine with its own clocks, and one process with its event loop. */
export class Machine {
  readonly name: string;
  /** ms by which its timers may fire late while it runs. */
  readonly lateness: number;
  /** The clock that the library reads. */
  readonly clock: Clock;
  readonly scheduler: SchedulerLike;
  /** Runs callbacks right after the present one, as microtasks. */
  readonly soon: SchedulerLike;
  isDead = false;
  /** One for each of its candidates; the machine itself for the first. */
  readonly hosts: Host[] = [this];
  /** ms by which its wall clock was set. */
  wallStep = 0;
  /** Whether it was suspended since its process last ran. */
  wasSuspended = false;
  /** When it started or last resumed. */
  resumedAt: number;
  readonly #events: EventQueue;
  readonly #random: Random;
  readonly #observer: MachineObserver;
  readonly #halts = new Set<Halt[]>();
  readonly #timers = new Set<Timer>();
  #backlog: Task[] = [];
  #microtasks: Array<() => void> = [];
  #isInCallback = false;
  #rate: number;
  /** Readings of its clocks at true time `since`. */
  #readings = { since: 0, monotonic: 0, uptime: 0 };

  constructor(
    name: string,
    events: EventQueue,
    random: Random,
    library: Pick<Library, 'monotonicClock'>,
    /** `lateness`: ms by which timers of a running process may fire late. */
    { rate, lateness }: { readonly rate: number; readonly lateness: number },
    observer: MachineObserver,
  ) {
    this.name = name;
    this.#events = events;
    this.#random = random;
    this.#observer = observer;
    this.#rate = rate;
    this.lateness = lateness;
    this.resumedAt = events.now;
    const begun = random.between(0, 1e6);
    this.#readings = { since: events.now, monotonic: begun, uptime: begun + random.between(0, 1e6) };
    const elapsed = library.monotonicClock({
      monotonic: () => this.#monotonic,
      wall: () => Math.floor(this.#uptime + this.wallStep),
      uptime: () => Math.floor(this.#uptime / UPTIME_STEP) * UPTIME_STEP,
      resolution: UPTIME_STEP,
      reuseFor: UPTIME_STEP,
    });
    this.clock = elapsed;
    this.scheduler = scheduler(this.clock, (delay, run) => this.#schedule(delay, run));
    this.soon = scheduler(this.clock, (_, run) => this.#runSoon(run));
  }

  get isRunning(): boolean {
    return this.#halts.size === 0 && !this.isDead;
  }

  get process(): Machine {
    return this;
  }

  /** Adds a host for one more candidate of the same election. */
  addHost(): Host {
    const machine = this;
    const host: Host = {
      process: machine,
      name: `${machine.name}+${machine.hosts.length}`,
      clock: machine.clock,
      scheduler: machine.scheduler,
      soon: machine.soon,
      get isDead() {
        return machine.isDead;
      },
      get isRunning() {
        return machine.isRunning;
      },
      get resumedAt() {
        return machine.resumedAt;
      },
      get timers() {
        return machine.timers;
      },
      receive: (run) => machine.receive(run),
    };
    machine.hosts.push(host);
    return host;
  }

  /** Pending timers. */
  get timers(): number {
    return this.#timers.size;
  }

  set rate(rate: number) {
    this.#change(() => {
      this.#rate = rate;
    });
  }

  /** Stops the process until the returned function is called. Several halts may overlap. */
  halt(how: Halt): () => void {
    const halt = [how];
    if (how === 'suspended') this.wasSuspended = true;
    this.#change(() => this.#halts.add(halt));
    return () => {
      if (!this.#halts.has(halt)) return;
      this.#change(() => this.#halts.delete(halt));
      if (this.isRunning) this.#resume();
    };
  }

  /** Kills the process: nothing runs in it any more. */
  kill(): void {
    this.isDead = true;
    this.#backlog = [];
    for (const timer of this.#timers) if (timer.entry) timer.entry.run = undefined;
    this.#timers.clear();
  }

  /** Runs a message handler now, or as soon as the process resumes. */
  receive(run: () => void): void {
    if (this.isDead) return;
    if (this.isRunning) this.#runCallback(run);
    else this.#backlog.push({ run });
  }

  get #monotonic(): number {
    const { since, monotonic } = this.#readings;
    return this.#isHalted('suspended') || this.#isHalted('frozen')
      ? monotonic
      : monotonic + (this.#events.now - since) * this.#rate;
  }

  get #uptime(): number {
    const { since, uptime } = this.#readings;
    return this.#isHalted('frozen') ? uptime : uptime + (this.#events.now - since) * this.#rate;
  }

  #isHalted(how: Halt): boolean {
    if (this.#halts.size === 0) return false;
    for (const [one] of this.#halts) if (one === how) return true;
    return false;
  }

  /** Changes how its clocks run. Timers follow the monotonic clock. */
  #change(apply: () => void): void {
    this.#readings = { since: this.#events.now, monotonic: this.#monotonic, uptime: this.#uptime };
    apply();
    for (const timer of this.#timers) {
      if (timer.entry) timer.entry.run = undefined;
      this.#arm(timer);
    }
  }

  #schedule(delay: number, run: () => void): () => void {
    const timer: Timer = { due: this.#monotonic + Math.max(0, delay), run, entry: undefined };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      this.#timers.delete(timer);
      if (timer.entry) timer.entry.run = undefined;
    };
  }

  #arm(timer: Timer): void {
    timer.entry = undefined;
    if (this.isDead || this.#isHalted('suspended') || this.#isHalted('frozen')) return;
    const late = this.#random.next() * (this.#random.chance(0.05) ? this.lateness : this.lateness / 10);
    timer.entry = this.#events.after((timer.due - this.#monotonic) / this.#rate + late, () => {
      timer.entry = undefined;
      if (this.isRunning) this.#fire(timer);
      else this.#backlog.push({ timer, run: timer.run });
    });
  }

  #fire(timer: Timer): void {
    if (this.#timers.delete(timer)) this.#runCallback(timer.run); // else it was called off meanwhile
  }

  /** Runs the backlog: timers in their order and messages in theirs, interleaved at random. */
  #resume(): void {
    this.resumedAt = this.#events.now;
    this.wasSuspended = false;
    this.#observer.resumed(this);
    const backlog = this.#backlog;
    this.#backlog = [];
    const timers = backlog.filter(({ timer }) => timer);
    const messages = backlog.filter(({ timer }) => !timer);
    while (timers.length > 0 || messages.length > 0) {
      const first = timers.length === 0 || (messages.length > 0 && this.#random.chance(0.5)) ? messages : timers;
      const { timer, run } = first.shift() as Task;
      if (this.isDead) return;
      if (timer) this.#fire(timer);
      else this.#runCallback(run);
    }
  }

  /** Runs a callback in the process, and then its microtasks. */
  #runCallback(run: () => void): void {
    this.#isInCallback = true;
    run();
    for (let next = this.#microtasks.shift(); next; next = this.#microtasks.shift()) next();
    this.#isInCallback = false;
    this.#observer.ranCallback(this);
  }

  #runSoon(run: () => void): () => void {
    let off = false;
    const unlessOff = () => {
      if (!off) run();
    };
    if (this.#isInCallback) this.#microtasks.push(unlessOff);
    else this.#events.after(0, () => this.receive(unlessOff));
    return () => {
      off = true;
    };
  }
}

/** An RxJS scheduler over a function that runs a callback after some ms and can cancel it. */
function scheduler(clock: Clock, plan: (delay: number, run: () => void) => () => void): SchedulerLike {
  return {
    now: () => clock.now(),
    schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delay = 0, state?: T): Subscription {
      let cancel: (() => void) | undefined;
      const action = new Subscription(() => cancel?.()) as SchedulerAction<T>;
      action.schedule = (state, delay = 0) => {
        cancel?.();
        cancel = plan(delay, () => {
          cancel = undefined;
          work.call(action, state as T);
          if (!cancel) action.unsubscribe(); // lets whoever keeps it go
        });
        return action;
      };
      return action.schedule(state, delay);
    },
  };
}
