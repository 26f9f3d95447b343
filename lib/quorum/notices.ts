import { Observable } from 'rxjs';
import type { Holder, LeaseStore, Notice } from '../port/lease-store.js';
import { noticesOf } from '../stream/validate-reply.js';
import { getOrMake } from '../util/lookup.js';
import { candidateIdOf } from './attempt-ids.js';
import { majorityOf } from './decide.js';

/** Maximum number of ids to count, because anyone may publish any number of them. */
const MAX_IDS = 64;

/**
 * The stores that have published one id's election or its release, each release with its successor.
 */
interface NoticeVotes {
  readonly elected: Set<number>;
  readonly released: Map<number, string | undefined>;
}

/**
 * Emits what a majority of `stores` publishes about the election `key`: each election once, and
 * each release from then on.
 *
 * A single store also publishes grants without a majority, and releases of leases that other stores
 * still hold.
 */
export const notices = (stores: readonly LeaseStore[], key: string): Observable<Notice> =>
  new Observable((subscriber) => {
    const majority = majorityOf(stores.length);
    const listening = new Set<number>();
    const ids = new Map<string, NoticeVotes>();
    const onNotice = (notice: Notice, i: number) => {
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
          const { elected } = votesOf(ids, notice.holder.id);
          if (reachesMajority(elected, i, majority)) subscriber.next({ kind: 'elected', holder: named(notice.holder) });
          return;
        }
        case 'released': {
          const { elected, released } = votesOf(ids, notice.id);
          elected.delete(i); // given back before a majority had granted it
          if (released.has(i)) released.clear(); // one of the two was forged, and the rest may be
          released.set(i, notice.successor);
          // Emit again after the majority: a candidate that asked in between may have come too
          // early at this store.
          if (released.size < majority) return;
          const successor = mostNamed([...released.values()]);
          subscriber.next({ kind: 'released', id: candidateIdOf(notice.id), ...(successor && { successor }) });
        }
      }
    };
    for (const [i, store] of stores.entries()) {
      const onEnd = () => onNotice({ kind: 'deaf' }, i);
      const observer = { next: (notice: Notice) => onNotice(notice, i), error: onEnd, complete: onEnd };
      subscriber.add(noticesOf(store, key).subscribe(observer));
    }
  });

function reachesMajority(votes: Set<number>, i: number, majority: number): boolean {
  const before = votes.size;
  return votes.add(i).size === majority && before < majority;
}

function votesOf(ids: Map<string, NoticeVotes>, id: string): NoticeVotes {
  const votes = getOrMake(ids, id, (): NoticeVotes => ({ elected: new Set(), released: new Map() }));
  const [oldest] = ids.keys();
  if (ids.size > MAX_IDS && oldest !== undefined) ids.delete(oldest);
  return votes;
}

const named = (holder: Holder): Holder => ({ ...holder, id: candidateIdOf(holder.id) });

/**
 * Each store names a candidate that it knows. All followers agree on the one named most, or the
 * alphabetically first of several.
 */
function mostNamed(successors: ReadonlyArray<string | undefined>): string | undefined {
  const votes = new Map<string, number>();
  for (const one of successors) if (one) votes.set(candidateIdOf(one), (votes.get(candidateIdOf(one)) ?? 0) + 1);
  const [most] = [...votes].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return most?.[0];
}
