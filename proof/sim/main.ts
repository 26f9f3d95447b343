/**
 * The simulator: runs many worlds on all cores. It shrinks the first world that breaks a promise
 * and prints its story.
 */
import { availableParallelism } from 'node:os';
import { runCommand, say } from '../../scripts/support/command.js';
import type { Ending } from '../../scripts/support/interrupt.js';
import { load } from '../library.js';
import { build } from '../mutant.js';
import { type Arguments, parseArguments, USAGE } from './arguments.js';
import { Coverage } from './coverage.js';
import type { Breach } from './judge/breach-log.js';
import { calmPlan, planOf } from './plan.js';
import { runWorld } from './run-world.js';
import { type FailedWorld, trace } from './simulate.js';
import { storyOf } from './story.js';
import { Workers } from './workers.js';

/** Seeds in one job of a worker. */
const CHUNK = 250;
/** ms between two lines of progress. */
const GLANCE = 5_000;

type Many = Extract<Arguments, { seeds: number }>;
type One = Extract<Arguments, { seed: number }>;
type Calm = Extract<Arguments, { calm: number }>;

/** Prints the story of one world. */
async function tell({ seed, library, servers }: One): Promise<number> {
  const plan = planOf(seed, servers);
  const { lines, breaches } = await trace(plan, load(library));
  say(JSON.stringify({ ...plan, faults: plan.faults.length }));
  for (const line of lines) say(line);
  return verdict(breaches);
}

function verdict(breaches: readonly Breach[]): number {
  for (const { rule, text } of breaches) say(`WRONG (${rule}): ${text}`);
  return breaches.length > 0 ? 1 : 0;
}

/** Measures the speed of a world without faults. */
async function race({ calm, library }: Calm): Promise<number> {
  const loaded = load(library);
  const begun = performance.now();
  const { breaches, lasted } = await runWorld(calmPlan(calm), loaded);
  const seconds = (performance.now() - begun) / 1_000;
  const minutes = lasted / 60_000;
  const speed = (minutes / seconds).toFixed(0);
  say(
    `${minutes.toFixed(0)} simulated minutes of five candidates in ${seconds.toFixed(2)} s: ${speed} minutes a second`,
  );
  return verdict(breaches);
}

async function run({ from, seeds, library, servers, workers: count }: Many, signal: AbortSignal): Promise<number> {
  say(
    `sim: the worlds of the seeds ${from} … ${from + seeds - 1}, library ${library.name}, ${servers > 1 ? `a quorum of ${servers} servers, ` : ''}${count} workers`,
  );
  const begun = performance.now();
  const coverage = new Coverage();
  const failures: FailedWorld[] = [];
  const sum = { worlds: 0, minutes: 0, terms: 0 };
  const ticker = setInterval(() => say(`  ${sum.worlds} worlds, ${sum.terms} terms, ${failures.length} wrong`), GLANCE);
  const compiled = build(library);
  using workers = new Workers(count);
  let next = from;
  const work = async () => {
    while (next < from + seeds && failures.length === 0 && !signal.aborted) {
      const first = next;
      next = Math.min(first + CHUNK, from + seeds);
      const tally = await workers.do({ library: compiled, from: first, to: next, first: true, servers });
      sum.worlds += tally.worlds;
      sum.minutes += tally.minutes;
      sum.terms += tally.terms;
      coverage.add(tally.counts);
      failures.push(...tally.failures);
    }
  };
  await Promise.all(Array.from({ length: count }, work)).finally(() => clearInterval(ticker));
  const seconds = (performance.now() - begun) / 1_000;
  for (const line of summary(sum, seconds, coverage, failures)) say(line);
  const [failure] = failures.sort((a, b) => a.seed - b.seed);
  if (failure) await explain(failure, library, servers);
  return failure ? 1 : 0;
}

function summary(
  { worlds, minutes, terms }: { worlds: number; minutes: number; terms: number },
  seconds: number,
  { counts, missing }: Coverage,
  failures: readonly FailedWorld[],
): string[] {
  const kinds = [...counts].filter(([event]) => event.startsWith('kind '));
  const rare = [...counts].filter(([event]) => !event.startsWith('kind ')).sort((a, b) => a[1] - b[1]);
  return [
    '',
    ` worlds      ${worlds}, ${minutes.toFixed(0)} simulated minutes in ${seconds.toFixed(1)} s: ${(minutes / seconds).toFixed(0)} minutes a second`,
    ` terms       ${terms}`,
    ` faults      ${kinds.reduce((sum, [, times]) => sum + times, 0)} of ${kinds.length} kinds`,
    ` seldom      ${rare
      .slice(0, 8)
      .map(([event, times]) => `${event}: ${times}`)
      .join(', ')}`,
    ` never       ${missing.join(', ') || 'nothing that was looked for'}`,
    ` violations  ${failures.length}`,
  ];
}

async function explain({ seed, breach }: FailedWorld, library: Arguments['library'], servers: number): Promise<void> {
  const option = `${servers > 1 ? ` --servers ${servers}` : ''}${library.name === 'ours' ? '' : ` --library ${library.name}`}`;
  say(` WRONG       ${breach.rule}: ${breach.text}`);
  say(` again       npm run sim -- --seed ${seed}${option}`);
  say('');
  say('The smallest story found that goes wrong in the same way:');
  const { plan, lines, breach: same } = await storyOf(seed, breach.rule, load(library), servers);
  for (const line of lines) say(line);
  say(`WRONG (${same.rule}): ${same.text}`);
  say('');
  say(JSON.stringify(plan));
}

async function conduct(args: Arguments, { signal }: Ending): Promise<number> {
  if ('seed' in args) return tell(args);
  return 'calm' in args ? race(args) : run(args, signal);
}

process.exitCode = await runCommand({
  name: 'sim',
  usage: USAGE,
  parse: (args) => parseArguments(args, availableParallelism()),
  conduct,
  failed: 2,
});
