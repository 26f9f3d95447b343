import type { CandidateReply, Watched } from '../port/lease-store.js';
import { guard, LAG } from './settings.js';

/**
 * What an election has learned about its store.
 *
 * The memory outlives candidacies. The further back it reaches, the more of what the store may lose
 * is still known.
 */
export interface Memory {
  /** The highest fencing token seen, 0 at first. */
  readonly token: number;
  /** Whether the last request of the previous candidacy went unanswered. */
  readonly mustProbe: boolean;
  /** The store's clock in the last reply that included it. */
  readonly time: number | undefined;
  /** Own time at which that reply arrived. */
  readonly at: number;
  /**
   * The last `until` seen in the record, own time when it was first seen, and an offset.
   *
   * `offset` is the lowest (store time − own time) since the last reply before this `until` was
   * first seen. The record was written after that reply, so a clock that is set forward in between
   * does not raise the offset.
   */
  readonly watch: { readonly until: number; readonly since: number; readonly offset: number } | undefined;
}

export const NOTHING_KNOWN: Memory = { token: 0, mustProbe: false, time: undefined, at: 0, watch: undefined };

/** The memory after a reply that arrived at `now`. `ttl` is the ttl of the election. */
export function learn(memory: Memory, reply: CandidateReply, now: number, ttl: number): Memory {
  const token = Math.max(memory.token, reply.token ?? 0);
  const { time, until } = reply;
  if (time === undefined) return { ...memory, token };
  // A copy, not a literal. V8 would pretenure literals at this site once thousands of them have
  // survived.
  const updated = { ...memory, token, time, at: now, watch: undefined };
  // the clock that wrote the record is in the reply
  const isOwn = reply.status === 'granted' || reply.status === 'renewed';
  if (!until || isOwn) return updated;
  const offset = time - now;
  const { watch } = memory;
  // If the clock was set back since, this may be a different `until` with the same value.
  if (watch?.until === until && offset >= watch.offset - guard(ttl))
    return { ...updated, watch: { ...watch, offset: Math.min(watch.offset, offset) } };
  const before = memory.time === undefined ? offset : estimateStoreTime(memory.time, memory.at, now, ttl) - now;
  return { ...updated, watch: { until, since: now, offset: Math.min(before, offset) } };
}

/**
 * Store time after which a request made now is abandoned. Undefined while the store's time is
 * unknown.
 */
export function notAfter(memory: Memory, now: number, timeout: number): number | undefined {
  return memory.time === undefined ? undefined : memory.time + (now - memory.at) + timeout;
}

/**
 * What a request made now states about the store's time and the watched `until`. Undefined before
 * the store has sent its time.
 */
export function watched({ time, at, watch }: Memory, now: number, ttl: number): Watched | undefined {
  if (watch) return { until: watch.until, time: watch.offset + now, age: now - watch.since };
  return time === undefined ? undefined : { until: 0, time: estimateStoreTime(time, at, now, ttl), age: 0 };
}

/**
 * A lower bound of the store's time at `now`. `time` is the last store time, received at own time
 * `at`.
 *
 * Subtracts the largest drift of both clocks. The guard covers the drift within a ttl.
 */
function estimateStoreTime(time: number, at: number, now: number, ttl: number): number {
  const age = now - at;
  return time + age - LAG * Math.max(0, age - ttl);
}
