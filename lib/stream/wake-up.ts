import { earliness } from '../core/settings.js';
import type { State } from '../core/state.js';
import { isRenewal, wakeAt } from '../core/step.js';
import { Alarm } from './alarm.js';
import type { Environment } from './environment.js';
import type { RequestInFlight } from './request-in-flight.js';
import type { SuspendDetector, SuspendListener } from './suspend-detector.js';
import { type TimerTarget, timerWheelOf } from './timer-wheel.js';

/**
 * Wakes one candidacy at the time its state asks for, and after a suspension of the machine while
 * it has a lease.
 */
export class WakeUp {
  readonly #alarm: Alarm;
  readonly #suspendDetector: SuspendDetector;
  readonly #candidacy: TimerTarget & SuspendListener;
  #isWatching = false;

  constructor(environment: Environment, suspendDetector: SuspendDetector, candidacy: TimerTarget & SuspendListener) {
    const { timersOf, settings } = environment;
    this.#alarm = new Alarm(timerWheelOf(timersOf, suspendDetector, earliness(settings)), candidacy);
    this.#suspendDetector = suspendDetector;
    this.#candidacy = candidacy;
  }

  /**
   * Sets the alarm to what `state` waits for next.
   *
   * Beside a request that ends earlier there is no alarm: thousands of leaders would set one for
   * each renewal, only to cancel it. An alarm is shared with other elections only while suspensions
   * are detected. A shared timer may have been set before the machine slept, and would fire late.
   */
  arm(state: State, request: RequestInFlight, now: number): void {
    const at = wakeAt(state);
    if (state.sent && request.endsBefore(at, state.sent)) this.#alarm.cancel();
    else if (this.#isWatching) this.#alarm.share(at, isRenewal(state), now);
    else this.#alarm.set(at);
  }

  /**
   * Detects suspensions while `holds`: timers of a lease must not fire as late as the machine
   * slept.
   */
  detectSuspends(holds: boolean): void {
    if (holds === this.#isWatching) return;
    this.#isWatching = holds;
    if (holds) this.#suspendDetector.join(this.#candidacy);
    else this.#suspendDetector.leave(this.#candidacy);
  }

  cancel(): void {
    this.#alarm.cancel();
  }
}
