import { setTimeout as sleep } from 'node:timers/promises';
import { claimsOf } from './claims.js';
import type { Candidate, Crew } from './crew.js';
import type { Log } from './log.js';
import { spansOf } from './picture.js';
import type { Cause } from './report.js';

/** ms of one run. */
export interface Pace {
  /** Between recovery and the next incident. */
  readonly calm: number;
  /** How long a closed or killed candidate is away. */
  readonly away: number;
  /** How long a process is stopped, a connection cut, or a server down: longer than a lease. */
  readonly hold: number;
}

export interface Stage {
  readonly crew: Crew;
  readonly log: Log;
  readonly names: readonly string[];
  readonly pace: Pace;
  readonly ttl: number;
  readonly wait: number;
  /** Aborted when the run must end early. */
  readonly signal: AbortSignal;
}

/** Does one thing to the leader, and repairs it once another candidate leads. */
type Incident = (stage: Stage, leader: Candidate) => Promise<void>;

const close: Incident = async (stage, leader) => {
  stage.log.note({ kind: 'incident', cause: 'close', row: leader.row, by: leader.by });
  leader.tell({ do: 'close' });
  await Promise.all([successor(stage, leader), pause(stage, stage.pace.away)]);
  leader.tell({ do: 'stand' });
};

const kill: Incident = async (stage, leader) => {
  stage.log.note({ kind: 'incident', cause: 'kill', row: leader.row, by: leader.by });
  await leader.kill();
  await Promise.all([successor(stage, leader), pause(stage, stage.pace.away)]);
  const fresh = await stage.crew.enlist(leader.row, stage.signal);
  fresh.stand();
};

const stop: Incident = async (stage, leader) => {
  stage.log.note({ kind: 'incident', cause: 'stop', row: leader.row, by: leader.by });
  leader.stop();
  try {
    await Promise.all([successor(stage, leader), pause(stage, stage.pace.hold)]);
  } finally {
    leader.continue();
  }
};

const cut: Incident = async (stage, leader) => {
  stage.log.note({ kind: 'incident', cause: 'cut', row: leader.row, by: leader.by });
  const link = stage.crew.link(leader.row);
  link.swallow();
  try {
    await Promise.all([successor(stage, leader), pause(stage, stage.pace.hold)]);
  } finally {
    link.heal({ held: 'release' });
    stage.log.note({ kind: 'healed', row: leader.row, by: leader.by });
  }
};

const restart: Incident = async (stage) => {
  stage.log.note({ kind: 'incident', cause: 'restart' });
  await bounce(stage, 0);
};

const outage: Incident = async (stage) => {
  stage.log.note({ kind: 'incident', cause: 'outage' });
  await bounce(stage, stage.pace.hold);
};

const INCIDENTS: Readonly<Record<Cause, Incident>> = { close, kill, stop, cut, restart, outage };

/**
 * Waits until one candidate leads and all others follow, and then runs the incident on the leader.
 */
export async function happen(cause: Cause, stage: Stage): Promise<void> {
  await settled(stage);
  // At a random phase of the followers' attempts, or they would be equally late in every run.
  await pause(stage, stage.pace.calm + Math.random() * stage.wait);
  const leader = stage.crew.candidate(await settled(stage));
  await INCIDENTS[cause](stage, leader);
}

/**
 * Kills the server, and restarts it on the same port. Then a candidate must lead by leases of the
 * new server.
 */
async function bounce({ crew, log, signal, ttl }: Stage, away: number): Promise<void> {
  const server = crew.server.own;
  if (!server) throw new Error('that server is not ours to kill');
  await server.kill();
  await sleep(away, undefined, { signal });
  await server.start();
  log.note({ kind: 'server-up' });
  const up = log.now;
  await log.until((entries) => claimsOf(entries).some(({ to }) => to >= up + ttl), patience(ttl), signal);
}

/** The row that leads, once all others follow. */
export function settled({ log, names, ttl, signal }: Stage): Promise<string> {
  return log.until(
    (entries) => {
      const looks = names.map((name) => ({ name, look: spansOf(name, entries, log.now).at(-1)?.look }));
      const leaders = looks.filter(({ look }) => look === 'leader');
      const followers = looks.filter(({ look }) => look === 'follower');
      return leaders.length === 1 && followers.length === names.length - 1 && leaders[0]?.name;
    },
    patience(ttl),
    signal,
  );
}

/** Resolves once another process than `leader` claims to lead. */
async function successor({ log, ttl, signal }: Stage, leader: Candidate): Promise<void> {
  const since = log.now;
  await log.until(
    (entries) => claimsOf(entries).some(({ by, from }) => by !== leader.by && from >= since),
    patience(ttl),
    signal,
  );
}

/**
 * ms after which a missing hand-over counts as failed: it is due within slightly more than one ttl.
 */
const patience = (ttl: number): number => 4 * ttl;

const pause = ({ signal }: Stage, ms: number) => sleep(ms, undefined, { signal });
