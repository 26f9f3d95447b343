import type { Library } from '../library.js';
import { Coverage } from './coverage.js';
import type { Breach } from './judge/breach-log.js';
import { planOf } from './plan.js';
import type { Plan } from './plan-schema.js';
import { runWorld } from './run-world.js';

/** A world that went wrong. */
export interface FailedWorld {
  readonly seed: number;
  readonly breach: Breach;
}

/** What many worlds have come to. */
export interface Tally {
  worlds: number;
  /** Simulated time. */
  minutes: number;
  terms: number;
  /** How often each thing worth counting was seen. */
  readonly counts: Array<[string, number]>;
  readonly failures: FailedWorld[];
}

/**
 * The worlds of the seeds from `from` to `to`, the latter excluded, with so many `servers`; no further than to the first failure where `first`
 * is set.
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

/** What happens in the world of `plan`, a line each, and what is wrong with it. */
export async function trace(plan: Plan, library: Library): Promise<{ lines: string[]; breaches: readonly Breach[] }> {
  const lines: string[] = [];
  const { breaches } = await runWorld(plan, library, (line) => lines.push(line));
  return { lines, breaches };
}
