import { flag, parseOptions, value, whole } from '../../scripts/support/options.js';
import { library } from '../arguments.js';
import { OURS, type Variant } from '../mutant.js';
import { MUTANTS } from './mutants.js';

/** Many worlds, one world to look at, or a calm one to measure the speed. */
export type Arguments = {
  readonly help: boolean;
  readonly library: Variant;
  readonly workers: number;
  readonly servers: number;
} & ({ readonly seed: number } | { readonly calm: number } | { readonly from: number; readonly seeds: number });

export const USAGE = `Simulates worlds: the real code of the election on clocks, processes, a network and a store that are
drawn from a seed, with every fault. Each world is checked by true time, which nobody in it knows.

  npm run sim -- [options]

  --seeds N        how many worlds, 2000 by default
  --from N         the first seed, 1 by default
  --seed N         only this world, with its story line by line
  --quorum         candidates stand over a quorum of servers
  --servers N      how many: 3 by default, at most 9; implies --quorum
  --calm MINUTES   five candidates without faults, on one core, to measure the speed
  --workers N      processes that share the work; by default one for each core
  --library NAME   a library that lacks something, to see it detected, such as bare-DEL
  --help           prints this

Exit code: 0 all promises hold; 1 a promise was broken (the smallest such story is printed, and how to
repeat it); 2 wrong arguments.`;

const SEEDS = [0, 2 ** 32 - 1] as const;

/** Throws an error with a message for the user if an argument is wrong. */
export function parseArguments(args: readonly string[], cores: number): Arguments {
  const { seeds, from, seed, calm, quorum, servers, ...common } = parseOptions(args, {
    seeds: value(whole([1, 10_000_000]), 2_000),
    from: value(whole(SEEDS), 1),
    seed: value(whole(SEEDS)),
    calm: value(whole([1, 100_000])),
    quorum: flag(),
    servers: value(whole([3, 9])),
    workers: value(whole([1, 64]), cores),
    library: value(library(MUTANTS.map(({ variant }) => variant)), OURS),
  });
  const parsed = { ...common, servers: servers ?? (quorum ? 3 : 1) };
  if (seed !== undefined) return { ...parsed, seed };
  if (calm !== undefined) return { ...parsed, calm };
  return { ...parsed, from, seeds };
}
