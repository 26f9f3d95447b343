import { setTimeout as sleep } from 'node:timers/promises';
import type { Keys } from '../../lib/store/redis/keys.js';
import { monotonic } from '../candidate.js';
import type { Crew, Row } from './crew.js';
import { kindOf } from './kinds.js';
import { ON_CANDIDATES } from './on-candidates.js';
import { ON_SERVERS } from './on-servers.js';
import type { Planned, Round } from './plan.js';
import type { Servers } from './servers.js';
import type { Chronicle } from './strike.js';

/** Everything that a run takes place on. */
export interface Stage {
  readonly crew: Crew;
  readonly servers: Servers;
  readonly keys: Keys;
  readonly chronicle: Chronicle;
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
}

/** Makes the faults of a round happen, each in its time; resolves when all of them are over. */
export async function storm(stage: Stage, { faults }: Round): Promise<void> {
  const begin = monotonic();
  // Each ends by itself, and none is left to itself: a server started after all was tidied up would stay.
  const happening: Array<Promise<unknown>> = [];
  try {
    for (const planned of faults) {
      await sleep(Math.max(0, begin + planned.at - monotonic()), undefined, { signal: stage.signal });
      happening.push(happen(stage, planned).catch((error: unknown) => ({ error })));
    }
  } finally {
    await Promise.all(happening);
  }
  for (const result of await Promise.all(happening)) {
    if (result && typeof result === 'object' && 'error' in result) throw result.error;
  }
}

async function happen(stage: Stage, planned: Planned): Promise<void> {
  const { crew, servers, keys, chronicle, signal } = stage;
  const { kind, length } = planned;
  const hold = () => sleep(planned.lasts, undefined, { signal }).catch(() => {}); // undone all the same
  if (!isOnCandidates(kind)) {
    await chronicle.note({ kind, length, leader: false }, async () => {
      await ON_SERVERS[kind]({ servers, keys, planned, hold });
    });
    return;
  }
  const part = kindOf(kind).target as 'process' | 'link';
  const { leaders } = crew;
  const row = victim(crew.rows, leaders, planned, part);
  if (!row?.candidate) return chronicle.miss(kind, length, 'everybody has enough to bear');
  const { candidate } = row;
  row.busy[part] = true;
  try {
    const fact = { kind, length, row: row.name, by: candidate.name, leader: leaders.includes(row) };
    await chronicle.note(fact, async () => {
      await ON_CANDIDATES[kind]({ crew, row, candidate, planned, hold });
    });
  } finally {
    row.busy[part] = false;
  }
}

const isOnCandidates = (kind: Planned['kind']): kind is keyof typeof ON_CANDIDATES => kind in ON_CANDIDATES;

/** Whom it is aimed at, or the next one to whom nothing of the sort happens already. */
function victim(
  rows: readonly Row[],
  leaders: readonly Row[],
  { aim, candidate }: Planned,
  part: keyof Row['busy'],
): Row | undefined {
  const inTurn = [...rows.slice(candidate), ...rows.slice(0, candidate)];
  const wanted = aim === 'leader' ? [...leaders, ...inTurn] : inTurn;
  return wanted.find(({ busy, candidate }) => !busy[part] && candidate !== undefined);
}
