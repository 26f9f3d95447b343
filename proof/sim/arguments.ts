import { flag, parseOptions, value, whole } from '../../scripts/support/options.js';
import { library } from '../arguments.js';
import { OURS, type Variant } from '../mutant.js';
import { MUTANTS } from './mutants.js';

/** What the user asked for: many worlds, one to look at, or a calm one for its speed. */
export type Arguments = {
  readonly help: boolean;
  readonly library: Variant;
  readonly workers: number;
  readonly servers: number;
} & ({ readonly seed: number } | { readonly calm: number } | { readonly from: number; readonly seeds: number });

export const USAGE = `Simulated worlds: the election's real code on clocks, processes, a network and a store that are drawn from a seed, with
everything that can go wrong in them; each is watched by true time, which nobody in it knows, for whatever breaks a promise.

  npm run sim -- [options]

  --seeds N        how many worlds, 2000 by default
  --from N         the first seed, 1 by default
  --seed N         this world alone, told line by line
  --quorum         candidates stand over a quorum of servers
  --servers N      how many: 3 by default, and at most 9; implies --quorum
  --calm MINUTES   five candidates that nothing befalls, for so long, on one core: how fast worlds go
  --workers N      processes that share the work; by default one for each core
  --library NAME   with a library that lacks something, to see that it is found out, such as bare-DEL
  --help           says this

It exits with 0 if all was well, 1 if a promise was broken (it tells the smallest such story it finds, and how to see it
again), 2 if the arguments make no sense.`;

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
