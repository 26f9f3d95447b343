import { setTimeout as sleep } from 'node:timers/promises';
import type { Keys } from '../../lib/redis/keys.js';
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
  const happening: Array<Promise<unknown>> = [];
  const failures: unknown[] = [];
  try {
    for (const planned of faults) {
      await sleep(Math.max(0, begin + planned.at - monotonic()), undefined, { signal: stage.signal });
      happening.push(happen(stage, planned).catch((error) => failures.push(error)));
    }
  } finally {
    // Also of a run that ends early: a server that is started again after all was tidied up would stay.
    await Promise.all(happening);
  }
  if (failures.length > 0) throw failures[0];
}

function happen(stage: Stage, planned: Planned): Promise<void> {
  const { kind, lasts } = planned;
  const { signal } = stage;
  const hold = () => sleep(lasts, undefined, { signal }).catch(() => {}); // undone all the same
  return isOnCandidates(kind) ? befallCandidate(kind, stage, planned, hold) : befallServers(kind, stage, planned, hold);
}

type Hold = () => Promise<void>;

async function befallServers(
  kind: keyof typeof ON_SERVERS,
  { servers, keys, chronicle }: Stage,
  planned: Planned,
  hold: Hold,
): Promise<void> {
  const fault = () =>
    chronicle.note({ kind, length: planned.length, leader: false }, async () => {
      await ON_SERVERS[kind]({ servers, keys, planned, hold });
    });
  await (kindOf(kind).target === 'server' ? servers.inTurn(fault) : fault());
}

async function befallCandidate(
  kind: keyof typeof ON_CANDIDATES,
  { crew, chronicle }: Stage,
  planned: Planned,
  hold: Hold,
): Promise<void> {
  const { length } = planned;
  const part = kindOf(kind).target as keyof Row['busy'];
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
