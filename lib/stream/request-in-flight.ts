import type { Sent } from '../core/state.js';
import type { CandidateRequest } from '../port/lease-store.js';
import type { Environment } from './environment.js';
import { PendingRequest } from './request.js';
import type { StepLoop } from './step-loop.js';
import type { SuspendDetector } from './suspend-detector.js';
import { type TimerWheel, timeoutWheelOf } from './timer-wheel.js';

/** The one request of a candidacy that is in flight, with its timeout. */
export class RequestInFlight {
  readonly #environment: Environment;
  readonly #timeouts: TimerWheel;
  readonly #loop: StepLoop;
  #sent: Sent | undefined;
  #pending: PendingRequest<CandidateRequest> | undefined;
  /**
   * Own time by which the request has certainly ended; Infinity where its timeout may be late
   * because the machine slept.
   */
  #overBy = Number.POSITIVE_INFINITY;

  constructor(environment: Environment, suspendDetector: SuspendDetector, loop: StepLoop) {
    const { timersOf, settings } = environment;
    this.#environment = environment;
    this.#timeouts = timeoutWheelOf(timersOf, suspendDetector, settings.timeout);
    this.#loop = loop;
  }

  /**
   * Gives up the present request, unless it is `sent`, and makes `sent`. Returns own time if the
   * request now awaits its reply; undefined if there is no new request, or the store has answered
   * it already.
   */
  replaceBy(sent: Sent | undefined): number | undefined {
    if (sent === this.#sent) return undefined;
    this.#sent = sent;
    this.#giveUpPending();
    if (!sent) return undefined;
    const { store, clock } = this.#environment;
    const pending = this.#pendingRequest(sent);
    pending.send(store);
    if (pending.closed) return undefined;
    this.#pending = pending;
    const now = clock.now();
    this.#overBy = Math.ceil(now) + sent.request.timeout;
    this.#timeouts.schedule(this.#overBy, pending);
    return now;
  }

  /**
   * Whether `sent` is about to be made, or certainly ends before own time `at`. Either way an event
   * comes before `at`.
   */
  endsBefore(at: number, sent: Sent): boolean {
    return sent !== this.#sent || this.#overBy < at;
  }

  /** Counts on the timeout no longer: the machine slept, and the timer may be late. */
  distrustTimeout(): void {
    this.#overBy = Number.POSITIVE_INFINITY;
  }

  #giveUpPending(): void {
    this.#overBy = Number.POSITIVE_INFINITY;
    if (this.#pending) this.#pending.bucket?.remove(this.#pending);
    this.#pending?.unsubscribe();
    this.#pending = undefined;
  }

  #pendingRequest(sent: Sent): PendingRequest<CandidateRequest> {
    const { settings, preflight } = this.#environment;
    return new PendingRequest(
      sent.request,
      (reply) => {
        preflight?.onReply(reply, settings);
        this.#loop.dispatch({ kind: 'reply', sent, reply });
      },
      (error) => {
        preflight?.onFailure(error);
        this.#loop.dispatch({ kind: 'failure', sent, error });
      },
    );
  }
}
