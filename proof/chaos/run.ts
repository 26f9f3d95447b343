import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf } from '../../lib/redis/keys.js';
import { monotonic } from '../candidate.js';
import { prepare } from '../prepare.js';
import { Random } from '../random.js';
import { TIMES } from '../times.js';
import type { Arguments } from './arguments.js';
import { Crew } from './crew.js';
import { planOf } from './plan.js';
import { allowance, type Recovery, recover } from './recovery.js';
import { Servers } from './servers.js';
import { type Stage, storm } from './storm.js';
import { Chronicle } from './strike.js';
import { type Evidence, judge, since, type Verdict } from './verdict.js';

const KEY = 'chaos';

/** ms between two lines on what goes on in a storm. */
const GLANCE = 5_000;

/** Tells whoever watches how it goes. */
type Say = (line: string) => void;

/** One run: everybody stands, storm after storm, and everybody leaves. Rejects where `signal` ends it, with nothing left running. */
export async function run(args: Arguments, signal: AbortSignal, say: Say): Promise<Evidence> {
  const { programs } = prepare(args.library);
  await using servers = await Servers.open();
  await using crew = new Crew(programs, KEY);
  const stage: Stage = { crew, servers, keys: keysOf(KEY), chronicle: new Chronicle(), signal };
  await crew.assemble(args.candidates, servers.target);
  const begun = monotonic();
  const recoveries: Recovery[] = [];
  const evidence = (): Evidence => ({
    minutes: args.minutes,
    begun,
    ended: monotonic(),
    logs: crew.logs,
    strikes: stage.chronicle.strikes,
    recoveries,
    exits: [],
    complaints: crew.complaints,
  });
  // Nobody knows whether there was a leader before: as after a loss.
  recoveries.push(await calm(stage, begun, allowance([], begun) + TIMES.ttl + TIMES.wait));
  say(`${time(begun)}  everybody stands`);
  const rounds = planOf(args, new Random(args.seed));
  for (const [index, round] of rounds.entries()) {
    const start = monotonic();
    const ticker = setInterval(() => say(`${time(begun)}  ${glance(stage)}`), GLANCE);
    await storm(stage, round).finally(() => clearInterval(ticker));
    const healed = monotonic();
    recoveries.push(await calm(stage, healed, allowance(stage.chronicle.strikes, healed)));
    const latest = since(evidence(), start);
    const verdict = judge(latest);
    say(`${time(begun)}  round ${index + 1} of ${rounds.length}: ${progress(latest, verdict)}`);
    if (verdict.outcome === 'wrong') break; // more of it would tell no more
    await sleep(Math.max(0, start + round.lasts - monotonic()), undefined, { signal });
  }
  const exits = await Promise.all(crew.rows.map((row) => crew.close(row)));
  return { ...evidence(), exits };
}

const calm = ({ crew, signal }: Stage, healed: number, allowed: number): Promise<Recovery> =>
  recover(crew, healed, allowed, (ms) => sleep(ms, undefined, { signal }));

/** ms since `begun`, in seconds. */
const time = (begun: number): string => `${((monotonic() - begun) / 1_000).toFixed(0).padStart(4)} s`;

/** Who leads, and what happens to whom. */
function glance({ crew, chronicle }: Stage): string {
  const leader = crew.leaders.map(({ candidate }) => candidate?.name).join(' and ') || 'nobody';
  const now = chronicle.strikes.filter(({ to }) => to === Number.POSITIVE_INFINITY);
  return `${leader} leads; ${now.map(({ kind, row }) => (row ? `${kind} of ${row}` : kind)).join(', ') || 'no fault'}`;
}

/** What a round has come to. */
function progress({ recoveries, strikes }: Evidence, { terms, changes, wrongs }: Verdict): string {
  const took = recoveries.at(-1)?.took.toFixed(0);
  return `${strikes.length} faults, ${terms.length} terms, ${changes} changes; well again in ${took} ms; ${wrongs.length} wrong`;
}
