import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf } from '../../lib/redis/keys.js';
import { monotonic } from '../candidate.js';
import { prepare } from '../prepare.js';
import { Random } from '../random.js';
import { TIMES } from '../times.js';
import type { Arguments } from './arguments.js';
import { FaultLog } from './fault-log.js';
import { injectFaults, type RunContext } from './fault-phase.js';
import { Fleet } from './fleet.js';
import { planOf } from './plan.js';
import { allowance, type Recovery, recover } from './recovery.js';
import { Servers } from './servers.js';
import { type Evidence, judge, since, type Verdict } from './verdict.js';

const KEY = 'chaos';

/** ms between two lines of status. */
const STATUS_EVERY = 5_000;

/** Prints a line of progress. */
type Say = (line: string) => void;

/**
 * One run: all candidates join, one round of faults follows the other, and all leave. Rejects when
 * `signal` aborts; then nothing is left running.
 */
export async function run(args: Arguments, signal: AbortSignal, say: Say): Promise<Evidence> {
  const { programs } = prepare(args.library);
  await using servers = await Servers.open();
  await using fleet = new Fleet(programs, KEY);
  const stage: RunContext = { fleet, servers, keys: keysOf(KEY), faultLog: new FaultLog(), signal };
  await fleet.start(args.candidates, servers.target);
  const begun = monotonic();
  const recoveries: Recovery[] = [];
  const evidence = (): Evidence => ({
    minutes: args.minutes,
    begun,
    ended: monotonic(),
    logs: fleet.logs,
    faults: stage.faultLog.faults,
    recoveries,
    exits: [],
    complaints: fleet.complaints,
  });
  // Nobody knows whether there was a leader before: as after a loss.
  recoveries.push(await awaitRecovery(stage, begun, allowance([], begun) + TIMES.ttl + TIMES.wait));
  say(`${time(begun)}  everybody stands`);
  const rounds = planOf(args, new Random(args.seed));
  for (const [index, round] of rounds.entries()) {
    const start = monotonic();
    const ticker = setInterval(() => say(`${time(begun)}  ${statusOf(stage)}`), STATUS_EVERY);
    await injectFaults(stage, round).finally(() => clearInterval(ticker));
    const healed = monotonic();
    recoveries.push(await awaitRecovery(stage, healed, allowance(stage.faultLog.faults, healed)));
    const latest = since(evidence(), start);
    const verdict = judge(latest);
    say(`${time(begun)}  round ${index + 1} of ${rounds.length}: ${progress(latest, verdict)}`);
    if (verdict.outcome === 'wrong') break; // more of it would tell no more
    await sleep(Math.max(0, start + round.lasts - monotonic()), undefined, { signal });
  }
  const exits = await Promise.all(fleet.slots.map((row) => fleet.close(row)));
  return { ...evidence(), exits };
}

const awaitRecovery = ({ fleet, signal }: RunContext, healed: number, allowed: number): Promise<Recovery> =>
  recover(fleet, healed, allowed, (ms) => sleep(ms, undefined, { signal }));

/** ms since `begun`, in seconds. */
const time = (begun: number): string => `${((monotonic() - begun) / 1_000).toFixed(0).padStart(4)} s`;

/** Who leads, and which faults are active. */
function statusOf({ fleet, faultLog }: RunContext): string {
  const leader = fleet.leaders.map(({ candidate }) => candidate?.name).join(' and ') || 'nobody';
  const now = faultLog.faults.filter(({ to }) => to === Number.POSITIVE_INFINITY);
  return `${leader} leads; ${now.map(({ kind, row }) => (row ? `${kind} of ${row}` : kind)).join(', ') || 'no fault'}`;
}

/** What a round has come to. */
function progress({ recoveries, faults }: Evidence, { terms, changes, problems }: Verdict): string {
  const took = recoveries.at(-1)?.took.toFixed(0);
  return `${faults.length} faults, ${terms.length} terms, ${changes} changes; well again in ${took} ms; ${problems.length} wrong`;
}
