import type { Library } from '../library.js';
import type { Wrong } from './judge.js';
import { type Plan, planOf } from './plan.js';
import { Sightings } from './sightings.js';
import { World } from './world.js';

/** A world that went wrong. */
export interface Failure {
  readonly seed: number;
  readonly wrong: Wrong;
}

/** What many worlds have come to. */
export interface Tally {
  worlds: number;
  /** Simulated time. */
  minutes: number;
  terms: number;
  /** How often each thing worth counting was seen. */
  readonly counts: Array<[string, number]>;
  readonly failures: Failure[];
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
  const sightings = new Sightings();
  const tally: Omit<Tally, 'counts'> = { worlds: 0, minutes: 0, terms: 0, failures: [] };
  for (let seed = from; seed < to; seed += 1) {
    const { wrongs, lasted, terms, sightings: seen } = await new World(planOf(seed, servers), library).run();
    tally.worlds += 1;
    tally.minutes += lasted / 60_000;
    tally.terms += terms;
    sightings.add(seen.counts);
    const [wrong] = wrongs;
    if (wrong) tally.failures.push({ seed, wrong });
    if (wrong && first) break;
  }
  return { ...tally, counts: [...sightings.counts] };
}

/** What happens in the world of `plan`, a line each, and what is wrong with it. */
export async function watch(plan: Plan, library: Library): Promise<{ lines: string[]; wrongs: readonly Wrong[] }> {
  const lines: string[] = [];
  const { wrongs } = await new World(plan, library, (line) => lines.push(line)).run();
  return { lines, wrongs };
}
