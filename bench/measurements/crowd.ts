import { setTimeout as sleep } from 'node:timers/promises';
import type { Script } from '../../scripts/support/script.js';
import { until } from '../../scripts/support/until.js';
import { type Arena, start, unlessEnded } from '../arena.js';
import { contenderOf } from '../contenders.js';
import { databaseOf } from '../field.js';
import { electionKey } from '../job.js';
import type { CrowdLine } from '../jobs/crowd.js';
import { type Count, Monitor } from '../monitor.js';
import type { Plan } from '../plan.js';
import { BareConnection } from '../resp.js';
import { TTL, WAIT } from '../settings.js';

/**
 * What came of a crowd: how much it asked, and how long after the ends of the leases others led
 * when the leaders were killed.
 */
export interface Crowd {
  readonly id: string;
  readonly missing?: string;
  /** In the window, without and with followers. */
  readonly alone?: Count;
  readonly followed?: Count;
  /** ms each. */
  readonly beyond: readonly number[];
}

export interface Wanted {
  readonly requests: boolean;
  readonly crash: boolean;
}

type Line = CrowdLine | { readonly failed: string };

/** ms in which candidates come to stand: to start a process for each contender, and to connect. */
const PATIENCE = 60_000;

/**
 * The leaders of all contenders, each contender's in a process; then their followers, in another.
 * They are mostly idle, so all are there at the same time, and Redis tells their requests apart by
 * database.
 */
export async function crowds(arena: Arena, plan: Plan['crowd'], wanted: Wanted): Promise<Crowd[]> {
  await using people = new People(arena, plan.elections);
  arena.say(`requests and crashes: ${plan.elections} leaders of each`);
  const leaders = await people.stand(1, TTL);
  const alone = wanted.requests ? await watch(arena, plan.window) : [];
  arena.say(`requests and crashes: ${plan.elections * plan.followers} followers of each`);
  const followers = await people.stand(plan.followers, WAIT);
  // Who follows looks again when the lease that it knows of runs out, and only then has come to
  // rest.
  await unlessEnded(arena, sleep(wanted.requests ? TTL : 2 * WAIT));
  const followed = wanted.requests ? await watch(arena, plan.window) : [];
  if (wanted.crash) arena.say('crashes: all leaders killed');
  const crowd = async (id: string, index: number): Promise<Crowd> => {
    const [leader, follower] = [leaders[index], followers[index]];
    if (!leader || !follower) return { id, missing: 'its candidates did not come to stand', beyond: [] };
    const counts = {
      ...(alone[index] && { alone: alone[index] }),
      ...(followed[index] && { followed: followed[index] }),
    };
    if (!wanted.crash) return { id, ...counts, beyond: [] };
    const ends = await kill(arena, id, plan.elections, leader);
    return { id, ...counts, beyond: await unlessEnded(arena, takeOvers(follower, ends)) };
  };
  return await Promise.all(arena.entrants.map(crowd)); // awaited here, or they would be ended first
}

/** Processes with candidates; disposal ends them all. */
class People implements AsyncDisposable {
  readonly #scripts: Script<Line>[] = [];

  constructor(
    private readonly arena: Arena,
    private readonly elections: number,
  ) {}

  /** One for each contender, when its candidates stand; undefined where they do not. */
  async stand(each: number, over: number): Promise<Array<Script<Line> | undefined>> {
    const job = { kind: 'crowd', elections: this.elections, each, over } as const;
    const scripts = this.arena.entrants.map((id) => start<Line>(this.arena, id, job));
    this.#scripts.push(...scripts);
    return unlessEnded(this.arena, Promise.all(scripts.map(standing)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#scripts.map((script) => script[Symbol.asyncDispose]()));
  }
}

async function standing(script: Script<Line>): Promise<Script<Line> | undefined> {
  const line = await script.next((read) => 'stands' in read || 'failed' in read, PATIENCE).catch(() => undefined);
  return line !== undefined && 'stands' in line ? script : undefined;
}

/** What each contender asks of Redis in `window` ms. */
async function watch(arena: Arena, window: number): Promise<Count[]> {
  using monitor = await Monitor.open(arena.host, arena.port);
  await unlessEnded(arena, sleep(window));
  return arena.entrants.map((id) => monitor.count(databaseOf(id)));
}

/**
 * How long each lease lasts from when, by the server's own clock: what is read late is right all
 * the same.
 */
const ENDS = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local ends = {}
  for index, lease in ipairs(KEYS) do
    local left = redis.call('PTTL', lease)
    ends[index] = left > 0 and now + left or 0
  end
  return ends`;

/**
 * Kills the leaders, and returns when the lease of each election ends.
 *
 * Times are by the server's wall clock, or 0 without a lease. The leases are read after the kill,
 * when nothing extends them any more.
 */
async function kill(arena: Arena, id: string, elections: number, leader: Script<Line>): Promise<number[]> {
  leader.signal('SIGKILL');
  await unlessEnded(arena, leader.exit);
  const connection = await BareConnection.open(arena.host, arena.port);
  const leases = Array.from({ length: elections }, (_, index) => contenderOf(id).lease(electionKey(index)));
  try {
    void connection.ask('SELECT', databaseOf(id));
    const reply = await unlessEnded(arena, connection.ask('EVAL', ENDS, leases.length, ...leases));
    if (reply instanceof Error) throw reply;
    return reply as number[];
  } finally {
    connection.destroy();
  }
}

/**
 * ms from the end of each lease until a follower led. Leases that nobody took within three ttls are
 * left out.
 */
async function takeOvers(follower: Script<Line>, ends: readonly number[]): Promise<number[]> {
  const led = () => new Map(follower.lines().flatMap((line) => ('led' in line ? [[line.led, line.at] as const] : [])));
  const all = () => ends.every((end, election) => end === 0 || led().has(election));
  await until(all, { within: 3 * TTL, every: 50 }).catch(() => {});
  const seen = led();
  return ends.flatMap((end, election) => {
    const at = seen.get(election);
    return end === 0 || at === undefined ? [] : [at - end];
  });
}
