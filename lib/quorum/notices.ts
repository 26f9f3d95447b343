import { Observable } from 'rxjs';
import type { Holder, LeaseStore, Notice } from '../port/lease-store.js';
import { noticesOf } from '../stream/validate-reply.js';
import { getOrMake } from '../util/lookup.js';
import { candidateIdOf } from './attempt-ids.js';
import { majorityOf } from './decide.js';

/** Ids that are kept count of; anyone may publish any number of them. */
const MOST = 64;

/** Which stores have told of one id's election, and of its release; and whom they name to be next. */
interface Told {
  readonly elected: Set<number>;
  readonly released: Map<number, string | undefined>;
}

/**
 * What a majority of `stores` tells of the election `key`: each election once, and each release from then on. One store alone tells of candidates who have
 * been granted too few, and of leases that are still there elsewhere.
 */
export const notices = (stores: readonly LeaseStore[], key: string): Observable<Notice> =>
  new Observable((subscriber) => {
    const majority = majorityOf(stores.length);
    const listening = new Set<number>();
    const ids = new Map<string, Told>();
    const hear = (notice: Notice, i: number) => {
      const before = listening.size;
      switch (notice.kind) {
        case 'connected':
          return subscriber.next(notice);
        case 'listening':
          if (listening.add(i).size === majority && before < majority) subscriber.next(notice);
          return;
        case 'deaf':
          if (listening.delete(i) && before === majority) subscriber.next(notice);
          return;
        case 'cut':
          return subscriber.next({ kind: 'cut', id: candidateIdOf(notice.id) });
        case 'elected': {
          const { elected } = toldOf(ids, notice.holder.id);
          if (isNews(elected, i, majority)) subscriber.next({ kind: 'elected', holder: named(notice.holder) });
          return;
        }
        case 'released': {
          const { elected, released } = toldOf(ids, notice.id);
          elected.delete(i); // given back, before enough were granted for a term
          if (released.has(i)) released.clear(); // one of both was forged, and whatever came with it may have been
          released.set(i, notice.successor);
          // Those that come after a majority are told as well: who asked in between may have come too early there.
          if (released.size < majority) return;
          const successor = mostNamed([...released.values()]);
          subscriber.next({ kind: 'released', id: candidateIdOf(notice.id), ...(successor && { successor }) });
        }
      }
    };
    for (const [i, store] of stores.entries()) {
      const endOf = () => hear({ kind: 'deaf' }, i);
      const told = { next: (notice: Notice) => hear(notice, i), error: endOf, complete: endOf };
      subscriber.add(noticesOf(store, key).subscribe(told));
    }
  });

function isNews(told: Set<number>, i: number, majority: number): boolean {
  const before = told.size;
  return told.add(i).size === majority && before < majority;
}

function toldOf(ids: Map<string, Told>, id: string): Told {
  const told = getOrMake(ids, id, (): Told => ({ elected: new Set(), released: new Map() }));
  const [oldest] = ids.keys();
  if (ids.size > MOST && oldest !== undefined) ids.delete(oldest);
  return told;
}

const named = (holder: Holder): Holder => ({ ...holder, id: candidateIdOf(holder.id) });

/** Each store names whom it knows: all followers agree on who is named most, or first by the alphabet. */
function mostNamed(successors: ReadonlyArray<string | undefined>): string | undefined {
  const votes = new Map<string, number>();
  for (const one of successors) if (one) votes.set(candidateIdOf(one), (votes.get(candidateIdOf(one)) ?? 0) + 1);
  const [most] = [...votes].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return most?.[0];
}
