import type { LeaseReply, Watched } from '../store/lease-store.js';

/**
 * What an election has learnt of its store. It outlives candidacies: the longer it reaches back, the more of what the store
 * may lose is still known.
 */
export interface Memory {
  /** The highest fencing token seen, 0 at first. */
  readonly token: number;
  /** The store's clock at the last reply, beside our own at its receipt. */
  readonly sync?: { readonly time: number; readonly at: number };
  /** The record's `until` as last seen, since when, and the lowest of (store time − own time) since. */
  readonly watch?: { readonly until: number; readonly since: number; readonly offset: number };
}

export const NOTHING_KNOWN: Memory = { token: 0 };

/** The memory after a reply received at `now`. */
export function learn(memory: Memory, reply: LeaseReply, now: number): Memory {
  const token = Math.max(memory.token, reply.token ?? 0);
  if (reply.time === undefined) return { ...memory, token };
  const sync = { time: reply.time, at: now };
  if (!reply.until) return { token, sync };
  const offset = reply.time - now;
  const watch =
    memory.watch?.until === reply.until
      ? { ...memory.watch, offset: Math.min(memory.watch.offset, offset) }
      : { until: reply.until, since: now, offset };
  return { token, sync, watch };
}

/** Store time after which a request made now has been given up; undefined while the store's time is unknown. */
export function notAfter(memory: Memory, now: number, timeout: number): number | undefined {
  return memory.sync && memory.sync.time + (now - memory.sync.at) + timeout;
}

/** What a request made now can say of the watched `until`. */
export function watched(memory: Memory, now: number): Watched | undefined {
  const { watch } = memory;
  return watch && { until: watch.until, time: watch.offset + now, age: now - watch.since };
}
