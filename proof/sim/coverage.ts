import type { Reply, Request } from './link.js';
import type { StoredState } from './server.js';

/** Rare events that every long run should reach. */
export const EXPECTED_EVENTS = [
  'role leader',
  'role follower/standby',
  'role follower/lost',
  'role follower/expired',
  'role follower/stalled',
  'role follower/resigned',
  'role follower/closed',
  'role error/STORE_TIMEOUT',
  'role error/STORE_UNAVAILABLE',
  'role error/STORE_READONLY',
  'role error/STORE_FULL',
  'role error/STORE_LOADING',
  'role error/STORE_DENIED',
  'role error/STORE_REPLY',
  'role error/KEY_CONFLICT',
  'a request is lost',
  'a reply is lost',
  'a reply comes late',
  'a notice is lost',
  'a request is refused',
  'a request dies in the queue of its client',
  'what was held gets through',
  'requests wait for a server that stands still',
  'acquire goes unanswered',
  'renew goes unanswered',
  'release goes unanswered',
  'read goes unanswered',
  'acquire comes too late to be granted',
  'renew comes too late',
  'an acquire is granted twice',
  'a go-leader peer takes the lease',
  'an absent lease is waited for',
  'a loss is found, and the record mended',
  'a second loss while the first is waited out',
  'a lease is put back',
  'a lease that a slow clock has written is followed',
  'a renewal finds its lease lost',
  'an acquire of unknown outcome is taken back',
  'a release finds nothing to release',
  'leave from within a transition',
  'close from within a transition',
  'abort from within a transition',
  'resign from within a transition',
] as const;

/** Counts events. */
export class Coverage {
  readonly counts = new Map<string, number>();

  count(event: string, times = 1): void {
    this.counts.set(event, (this.counts.get(event) ?? 0) + times);
  }

  add(counts: Iterable<readonly [string, number]>): void {
    for (const [event, times] of counts) this.count(event, times);
  }

  get missing(): string[] {
    return EXPECTED_EVENTS.filter((event) => !this.counts.has(event));
  }

  executed(request: Request, before: StoredState, after: StoredState, { status }: Reply): void {
    const event = this.#sightOf(request, before, after, status);
    if (event) this.count(event);
  }

  #sightOf(request: Request, before: StoredState, after: StoredState, status: Reply['status']): string | undefined {
    switch (status) {
      case 'late':
        return request.verb === 'acquire' ? 'acquire comes too late to be granted' : 'renew comes too late';
      case 'granted':
        return 'id' in request && before.lease === request.id ? 'an acquire is granted twice' : undefined;
      case 'suspect': {
        const mended = after.record?.id === '' && after.record.until !== before.record?.until;
        if (!mended) return 'an absent lease is waited for';
        const again = before.record?.id === '' && before.record.until > 0;
        return again ? 'a second loss while the first is waited out' : 'a loss is found, and the record mended';
      }
      case 'renewed':
        return before.lease === undefined ? 'a lease is put back' : undefined;
      case 'lost':
        return 'a renewal finds its lease lost';
      case 'gone':
        return 'a release finds nothing to release';
      default:
        return undefined;
    }
  }
}
