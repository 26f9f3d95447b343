import { monotonic } from '../candidate.js';
import { RECOVERY, TIMES } from '../times.js';
import { type Aftereffect, chaosFaultOf } from './chaos-faults.js';
import type { InjectedFault } from './fault-log.js';
import type { Fleet } from './fleet.js';

/** How everybody got well once all faults were over. */
export interface Recovery {
  /** When that was. */
  readonly healed: number;
  /** ms until one led and all others followed; Infinity if that was not seen. */
  readonly took: number;
  /** ms that it may take. */
  readonly allowed: number;
}

/**
 * ms for which the effects of a fault may still be waited out: an older lease, and then the loss
 * itself.
 */
const LINGERS = 3 * TIMES.ttl;

/**
 * ms from `healed` within which a candidate leads. docs/reliability/faults.md has the bound for
 * each fault alone; the aftereffects of the last faults are added.
 */
export function allowance(faults: readonly InjectedFault[], healed: number): number {
  const left = new Set<Aftereffect>(
    faults.filter(({ to }) => to > healed - LINGERS).map(({ kind }) => chaosFaultOf(kind).aftereffect),
  );
  const { ttl, wait, timeout } = TIMES;
  // Found at the next attempt, once an older lease is out of the way; then waited out.
  const loss = left.has('loss') ? ttl + wait + timeout : 0;
  const prolonged = left.has('prolonged') ? ttl : 0;
  return RECOVERY + loss + prolonged;
}

/**
 * Waits until one leads and all others follow, longer than allowed: how late it is tells more than
 * that it is late.
 */
export async function recover(
  fleet: Fleet,
  healed: number,
  allowed: number,
  pause: (ms: number) => Promise<void>,
): Promise<Recovery> {
  const end = healed + allowed + 2 * TIMES.ttl;
  while (!fleet.isSettled) {
    if (monotonic() > end) return { healed, allowed, took: Number.POSITIVE_INFINITY };
    await pause(10);
  }
  return { healed, allowed, took: monotonic() - healed };
}
