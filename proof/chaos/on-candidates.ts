import type { Candidate } from '../candidate.js';
import { TIMES } from '../times.js';
import type { ChaosFaultName } from './chaos-faults.js';
import type { Fleet, Slot } from './fleet.js';
import type { PlannedFault } from './plan.js';

/** What there is to do a fault of a candidate with. */
export interface OnCandidate {
  readonly fleet: Fleet;
  readonly slot: Slot;
  readonly candidate: Candidate;
  readonly planned: PlannedFault;
  /** Resolves when the fault is to end. */
  readonly hold: () => Promise<void>;
}

type Fault = (on: OnCandidate) => Promise<unknown>;

/** Gives an order and returns when the candidate began to follow it. Waiting keeps orders apart. */
async function obeyed(candidate: Candidate, what: string): Promise<number> {
  candidate.act(what);
  return (await candidate.notes('acts')).at;
}

const late: Fault = async ({ slot: { link }, planned, hold }) => {
  link.delay(planned.late);
  await hold();
  link.heal();
};

const swallowed =
  (...directions: ReadonlyArray<'toServer' | 'toClient'>): Fault =>
  async ({ slot: { link }, planned: { held }, hold }) => {
    for (const direction of directions) link.swallow(direction);
    await hold();
    link.heal({ held });
  };

/** Faults of a candidate's process and of its connection, from their beginning to their end. */
export const ON_CANDIDATES = {
  SIGSTOP: ({ candidate, planned, hold }) => candidate.stopped(hold, { beyond: planned.length === 'beyond' }),
  'blocked event loop': async ({ candidate, planned: { length, lasts }, hold }) => {
    const at = await obeyed(candidate, `block ${lasts}`);
    if (length === 'beyond') candidate.wasBlocked(at, at + lasts);
    await hold();
  },
  'kill -9': async ({ fleet, slot, hold }) => {
    await fleet.kill(slot);
    await hold();
    await fleet.startCandidate(slot);
  },
  close: async ({ fleet, slot, hold }) => {
    await fleet.close(slot);
    await hold();
    await fleet.startCandidate(slot);
  },
  resign: ({ candidate }) => obeyed(candidate, `resign ${TIMES.ttl}`),
  'slightly late': late,
  'much late': late,
  cut: async ({ slot }) => slot.link.cut(),
  refused: async ({ slot, hold }) => {
    await slot.link.refuse();
    await hold();
    await slot.link.accept();
  },
  'requests swallowed': swallowed('toServer'),
  'replies swallowed': swallowed('toClient'),
  silence: swallowed('toServer', 'toClient'),
} as const satisfies Partial<Record<ChaosFaultName, Fault>>;
