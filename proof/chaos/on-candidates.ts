import type { Candidate } from '../candidate.js';
import { TIMES } from '../times.js';
import type { Crew, Row } from './crew.js';
import type { KindName } from './kinds.js';
import type { Planned } from './plan.js';

/** What there is to do a fault of a candidate with. */
export interface OnCandidate {
  readonly crew: Crew;
  readonly row: Row;
  readonly candidate: Candidate;
  readonly planned: Planned;
  /** Resolves when the fault is to end. */
  readonly hold: () => Promise<void>;
}

type Fault = (on: OnCandidate) => Promise<unknown>;

/** When it began to do what it was told to: each order is waited for, so that none is taken for a later one. */
async function ordered(candidate: Candidate, what: string): Promise<number> {
  candidate.act(what);
  return (await candidate.notes('acts')).at;
}

const late: Fault = async ({ row: { link }, planned, hold }) => {
  link.delay(planned.late);
  await hold();
  link.heal();
};

const swallowed =
  (...directions: ReadonlyArray<'toServer' | 'toClient'>): Fault =>
  async ({ row: { link }, planned: { held }, hold }) => {
    for (const direction of directions) link.swallow(direction);
    await hold();
    link.heal({ held });
  };

/** Faults of a candidate's process and of its connection, from their beginning to their end. */
export const ON_CANDIDATES = {
  SIGSTOP: ({ candidate, planned, hold }) => candidate.stopped(hold, { beyond: planned.length === 'beyond' }),
  'blocked event loop': async ({ candidate, planned: { length, lasts }, hold }) => {
    const at = await ordered(candidate, `block ${lasts}`);
    if (length === 'beyond') candidate.wasBlocked(at, at + lasts);
    await hold();
  },
  'kill -9': async ({ crew, row, hold }) => {
    await crew.kill(row);
    await hold();
    await crew.enlist(row);
  },
  close: async ({ crew, row, hold }) => {
    await crew.close(row);
    await hold();
    await crew.enlist(row);
  },
  resign: ({ candidate }) => ordered(candidate, `resign ${TIMES.ttl}`),
  'slightly late': late,
  'much late': late,
  cut: async ({ row }) => row.link.cut(),
  refused: async ({ row, hold }) => {
    await row.link.refuse();
    await hold();
    await row.link.accept();
  },
  'requests swallowed': swallowed('toServer'),
  'replies swallowed': swallowed('toClient'),
  silence: swallowed('toServer', 'toClient'),
} as const satisfies Partial<Record<KindName, Fault>>;
