import type { Reply, Request } from '../link.js';
import type { StoredState } from '../server.js';
import type { User } from '../user.js';
import type { BreachLog } from './breach-log.js';
import type { Conduct } from './request-history.js';

/**
 * G5: the lease goes to a candidate, and a leader keeps it; what goes wrong on the way is retried.
 */
export class Availability {
  readonly #breaches: BreachLog;

  constructor(breaches: BreachLog) {
    this.#breaches = breaches;
  }

  /** No candidate stands by at a replica, where it could never lead. */
  standsBy({ machine: { name } }: User, { isByReplica }: Conduct): void {
    if (isByReplica) this.#breaches.report('G5', `${name} reports that it stands by, at a replica`);
  }

  /** Only the store's answer ends a term as lost. */
  lostTerm({ machine: { name } }: User, { outcome }: Conduct): void {
    if (outcome === 'lost' || outcome === 'KEY_CONFLICT') return;
    this.#breaches.report('G5', `${name} takes its term for lost after ${outcome}`);
  }

  /** A vanished lease is lost only if it was released, or a later term has begun. */
  executed(name: string, request: Request, before: StoredState, { status }: Reply): void {
    if (request.verb !== 'renew' || before.lease !== undefined || status !== 'lost') return;
    const { id, token } = request;
    const { record } = before;
    const isOver = record !== undefined && (record.token > token || (record.id === id && record.until === 0));
    if (!isOver) this.#breaches.report('G5', `${name} takes ${token} for lost, though it might put it back`);
  }
}
