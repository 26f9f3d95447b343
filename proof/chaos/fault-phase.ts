import { setTimeout as sleep } from 'node:timers/promises';
import type { Keys } from '../../lib/redis/keys.js';
import { monotonic } from '../candidate.js';
import { chaosFaultOf } from './chaos-faults.js';
import type { FaultLog } from './fault-log.js';
import type { Fleet, Slot } from './fleet.js';
import { ON_CANDIDATES } from './on-candidates.js';
import { ON_SERVERS } from './on-servers.js';
import type { PlannedFault, Round } from './plan.js';
import type { Servers } from './servers.js';

/** Everything that a run takes place on. */
export interface RunContext {
  readonly fleet: Fleet;
  readonly servers: Servers;
  readonly keys: Keys;
  readonly faultLog: FaultLog;
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
}

/** Makes the faults of a round happen, each in its time; resolves when all of them are over. */
export async function injectFaults(stage: RunContext, { faults }: Round): Promise<void> {
  const begin = monotonic();
  const happening: Array<Promise<unknown>> = [];
  const failures: unknown[] = [];
  try {
    for (const planned of faults) {
      await sleep(Math.max(0, begin + planned.at - monotonic()), undefined, { signal: stage.signal });
      happening.push(inject(stage, planned).catch((error) => failures.push(error)));
    }
  } finally {
    // Also of a run that ends early: a server that is started again after all was tidied up would
    // stay.
    await Promise.all(happening);
  }
  if (failures.length > 0) throw failures[0];
}

function inject(stage: RunContext, planned: PlannedFault): Promise<void> {
  const { kind, lasts } = planned;
  const { signal } = stage;
  const hold = () => sleep(lasts, undefined, { signal }).catch(() => {}); // undone all the same
  return isOnCandidates(kind)
    ? injectIntoCandidate(kind, stage, planned, hold)
    : injectIntoServers(kind, stage, planned, hold);
}

type Hold = () => Promise<void>;

async function injectIntoServers(
  kind: keyof typeof ON_SERVERS,
  { servers, keys, faultLog }: RunContext,
  planned: PlannedFault,
  hold: Hold,
): Promise<void> {
  const fault = () =>
    faultLog.record({ kind, length: planned.length, leader: false }, async () => {
      await ON_SERVERS[kind]({ servers, keys, planned, hold });
    });
  await (chaosFaultOf(kind).target === 'server' ? servers.oneAtATime(fault) : fault());
}

async function injectIntoCandidate(
  kind: keyof typeof ON_CANDIDATES,
  { fleet, faultLog }: RunContext,
  planned: PlannedFault,
  hold: Hold,
): Promise<void> {
  const { length } = planned;
  const part = chaosFaultOf(kind).target as keyof Slot['busy'];
  const { leaders } = fleet;
  const slot = targetSlot(fleet.slots, leaders, planned, part);
  if (!slot?.candidate) return faultLog.skip(kind, length, 'everybody has enough to bear');
  const { candidate } = slot;
  slot.busy[part] = true;
  try {
    const fact = { kind, length, row: slot.name, by: candidate.name, leader: leaders.includes(slot) };
    await faultLog.record(fact, async () => {
      await ON_CANDIDATES[kind]({ fleet, slot, candidate, planned, hold });
    });
  } finally {
    slot.busy[part] = false;
  }
}

const isOnCandidates = (kind: PlannedFault['kind']): kind is keyof typeof ON_CANDIDATES => kind in ON_CANDIDATES;

/** Whom it is aimed at, or the next one to whom nothing of the sort happens already. */
function targetSlot(
  slots: readonly Slot[],
  leaders: readonly Slot[],
  { aim, candidate }: PlannedFault,
  part: keyof Slot['busy'],
): Slot | undefined {
  const inTurn = [...slots.slice(candidate), ...slots.slice(0, candidate)];
  const wanted = aim === 'leader' ? [...leaders, ...inTurn] : inTurn;
  return wanted.find(({ busy, candidate }) => !busy[part] && candidate !== undefined);
}
