import type { Clock } from 'rx-leader';
import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import type { Library } from '../library.js';
import type { Random } from '../random.js';
import type { EventQueue, ScheduledEvent } from './event-queue.js';

/**
 * How a process stands still. `paused`: a stopped process or a blocked event loop, while all clocks go on. `suspended`: the whole
 * machine, whose monotonic clock stands still and whose uptime does not. `frozen`: every clock of it stands still.
 */
export type Halt = 'paused' | 'suspended' | 'frozen';

/** What the world does around everything that happens in a process. */
export interface MachineObserver {
  /** A process runs again: what its user had planned for the time before may come first. */
  resumed(machine: Machine): void;
  /** One callback is through. */
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

/** A process as one of its elections sees it, each of which has a name of its own. */
export type Host = Pick<
  Machine,
  'process' | 'name' | 'clock' | 'scheduler' | 'soon' | 'isDead' | 'isRunning' | 'resumedAt' | 'timers' | 'receive'
>;

/** By how much `os.uptime()` is coarse, in ms. */
const UPTIME_STEP = 10;

/** A machine with clocks of its own, and the one process on it with its event loop. */
export class Machine {
  readonly name: string;
  /** ms by which its timers may ring late while it runs. */
  readonly lateness: number;
  /** What the library reads the time from. */
  readonly clock: Clock;
  readonly scheduler: SchedulerLike;
  /** Runs what comes right after the present callback, as a microtask does. */
  readonly soon: SchedulerLike;
  isDead = false;
  /** For each of its candidates, itself for the first. */
  readonly hosts: Host[] = [this];
  /** ms by which its wall clock was set. */
  wallStep = 0;
  /** Whether it was suspended since its process ran last. */
  wasSuspended = false;
  /** When it began to run, or to run again. */
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
    /** `lateness`: ms by which timers may ring late in a process that runs. */
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
      spared: UPTIME_STEP,
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

  /** A place for one more candidate of the same election. */
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

  /** Timers that are still to ring. */
  get timers(): number {
    return this.#timers.size;
  }

  set rate(rate: number) {
    this.#change(() => {
      this.#rate = rate;
    });
  }

  /** The process stands still until what is returned is called; it may be stopped in several ways at once. */
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

  /** Kills the process: nothing happens in it any more. */
  kill(): void {
    this.isDead = true;
    this.#backlog = [];
    for (const timer of this.#timers) if (timer.entry) timer.entry.run = undefined;
    this.#timers.clear();
  }

  /** Something comes in: handled now, or as soon as the process runs again. */
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

  /** Clocks go differently from now on, and timers follow the monotonic one. */
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

  /** What has come together is handled now: timers in their order, what came in in its own, and one among the other by chance. */
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

  /** Does something within the process, and what that leaves for right afterwards. */
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

/** An RxJS scheduler over anything that runs something after some ms and can call it off. */
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
