import type { Observable, SchedulerLike } from 'rxjs';
import type { Clock } from '../clock/clock.js';
import type { Settings } from '../core/settings.js';
import type { ElectionError } from '../port/errors.js';
import type { CandidateReply, LeaseStore } from '../port/lease-store.js';

/** What a candidacy gets from outside. */
export interface Environment {
  readonly store: LeaseStore;
  /** Elections with the same object here share timers. */
  readonly timersOf: object;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Runs the timers. */
  readonly scheduler: SchedulerLike;
  /** Runs work right after the current call stack. */
  readonly soon: SchedulerLike;
  readonly random: () => number;
  readonly nextId: (settings: Settings) => string;
  /**
   * Checks the server's setup while a candidacy lasts. Its stream emits nothing and never fails.
   */
  readonly preflight?: {
    run(settings: Settings): Observable<never>;
    onReply(reply: CandidateReply, settings: Settings): void;
    onFailure(error: ElectionError): void;
  };
}
