import type { Library } from '../library.js';
import { Coverage } from './coverage.js';
import type { Breach } from './judge/breach-log.js';
import { planOf } from './plan.js';
import type { Plan } from './plan-schema.js';
import { runWorld } from './run-world.js';

/** A world that broke a promise. */
export interface FailedWorld {
  readonly seed: number;
  readonly breach: Breach;
}

/** The sum of many worlds. */
export interface Tally {
  worlds: number;
  /** Simulated time. */
  minutes: number;
  terms: number;
  /** How often each event happened. */
  readonly counts: Array<[string, number]>;
  readonly failures: FailedWorld[];
}

/**
 * Simulates the worlds of the seeds from `from` up to, not including, `to`, with this many
 * `servers`. With `first`, it stops at the first failure.
 */
export async function simulate(
  library: Library,
  from: number,
  to: number,
  { first = false, servers = 1 } = {},
): Promise<Tally> {
  const coverage = new Coverage();
  const tally: Omit<Tally, 'counts'> = { worlds: 0, minutes: 0, terms: 0, failures: [] };
  for (let seed = from; seed < to; seed += 1) {
    const { breaches, lasted, terms, coverage: seen } = await runWorld(planOf(seed, servers), library);
    tally.worlds += 1;
    tally.minutes += lasted / 60_000;
    tally.terms += terms;
    coverage.add(seen.counts);
    const [breach] = breaches;
    if (breach) tally.failures.push({ seed, breach });
    if (breach && first) break;
  }
  return { ...tally, counts: [...coverage.counts] };
}

/** The story of the world of `plan`, a line for each event, and the promises that it breaks. */
export async function trace(plan: Plan, library: Library): Promise<{ lines: string[]; breaches: readonly Breach[] }> {
  const lines: string[] = [];
  const { breaches } = await runWorld(plan, library, (line) => lines.push(line));
  return { lines, breaches };
}
