import type { RenewRequest } from '../../../lib/port/lease-store.js';
import type { Reply, Request } from '../link.js';
import type { StoredState } from '../server.js';
import type { User } from '../user.js';
import type { BreachLog } from './breach-log.js';
import { type Conduct, isSilence } from './request-history.js';

/**
 * G4: a candidate touches its own lease only, and acquires none while an earlier outcome is
 * unknown.
 */
export class OwnLease {
  readonly #breaches: BreachLog;

  constructor(breaches: BreachLog) {
    this.#breaches = breaches;
  }

  /**
   * No acquire while the store is silent, or before an attempt with an unknown outcome is taken
   * back.
   */
  acquiring({ machine: { name }, candidacies }: User, { outcome, unsettled, ids }: Conduct, id: string): void {
    if (!ids.has(id)) ids.set(id, candidacies);
    if (isSilence(outcome)) this.#breaches.report('G4', `${name} acquires from a silent store`);
    for (const [other, candidacy] of unsettled) {
      if (candidacy === ids.get(id)) this.#breaches.report('G4', `${name} acquires before ${other} is taken back`);
    }
  }

  /** The store has carried out a request. */
  executed(name: string, request: Request, before: StoredState, after: StoredState, { status }: Reply): void {
    const other = 'id' in request && before.lease !== request.id ? before.lease : undefined;
    if (other !== undefined) {
      if (status === 'granted') this.#breaches.report('G1', `${name} is granted the lease of ${other}`);
      if (status === 'renewed') this.#breaches.report('G4', `${name} renews the lease of ${other}`);
      if (request.verb === 'release' && after.lease === undefined) {
        this.#breaches.report('G4', `${name} releases the lease of ${other}`);
      }
    }
    if (request.verb === 'renew' && before.lease === undefined && status === 'renewed') {
      this.#putBack(name, request, before);
    }
  }

  /** A holder puts a vanished lease back under its own token, unless it released that lease. */
  #putBack(name: string, { id, token }: RenewRequest, { record }: StoredState): void {
    if (record && record.token > token) {
      this.#breaches.report('G4', `${name} puts ${token} back, though ${record.token} came after it`);
    }
    if (record?.id === id && record.until === 0) {
      this.#breaches.report('G4', `${name} puts ${token} back, which it had released`);
    }
  }
}
