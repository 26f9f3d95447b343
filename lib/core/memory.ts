import type { CandidateReply, Watched } from '../port/lease-store.js';
import { guard, LAG } from './settings.js';

/**
 * What an election has learnt of its store. It outlives candidacies: the longer it reaches back, the more of what the store
 * may lose is still known.
 */
export interface Memory {
  /** The highest fencing token seen, 0 at first. */
  readonly token: number;
  /** The last request of the candidacy before went unanswered. */
  readonly mustProbe: boolean;
  /** The store's clock at the last reply that told it. */
  readonly time: number | undefined;
  /** Our own at its receipt. */
  readonly at: number;
  /**
   * The record's `until` as last seen, since when, and the lowest of (store time − own time) since the reply before that: it was
   * written after that reply, so a clock set forward in between has not set it forward.
   */
  readonly watch: { readonly until: number; readonly since: number; readonly offset: number } | undefined;
}

export const NOTHING_KNOWN: Memory = { token: 0, mustProbe: false, time: undefined, at: 0, watch: undefined };

/** The memory after a reply received at `now`. `ttl` is that of the election. */
export function learn(memory: Memory, reply: CandidateReply, now: number, ttl: number): Memory {
  const token = Math.max(memory.token, reply.token ?? 0);
  const { time, until } = reply;
  if (time === undefined) return { ...memory, token };
  // By copies: of literals whose first thousands have stayed, V8 puts all to come among what is seldom collected.
  const heard = { ...memory, token, time, at: now, watch: undefined };
  const isOwn = reply.status === 'granted' || reply.status === 'renewed'; // written by the very clock that is told with it
  if (!until || isOwn) return heard;
  const offset = time - now;
  const { watch } = memory;
  // Heard of under a clock that was set back since, it may be another.
  if (watch?.until === until && offset >= watch.offset - guard(ttl))
    return { ...heard, watch: { ...watch, offset: Math.min(watch.offset, offset) } };
  const before = memory.time === undefined ? offset : reckoned(memory.time, memory.at, now, ttl) - now;
  return { ...heard, watch: { until, since: now, offset: Math.min(before, offset) } };
}

/** Store time after which a request made now has been given up; undefined while the store's time is unknown. */
export function notAfter(memory: Memory, now: number, timeout: number): number | undefined {
  return memory.time === undefined ? undefined : memory.time + (now - memory.at) + timeout;
}

/** What a request made now can say of the store's time and of the watched `until`; undefined before the store has told its time. */
export function watched({ time, at, watch }: Memory, now: number, ttl: number): Watched | undefined {
  if (watch) return { until: watch.until, time: watch.offset + now, age: now - watch.since };
  return time === undefined ? undefined : { until: 0, time: reckoned(time, at, now, ttl), age: 0 };
}

/**
 * The store's time at `now`, which told `time` last, at our own time `at`: no later than it is by a clock that drifts as far as clocks may, but for
 * what drifts within a ttl, which is in the guard.
 */
function reckoned(time: number, at: number, now: number, ttl: number): number {
  const age = now - at;
  return time + age - LAG * Math.max(0, age - ttl);
}
