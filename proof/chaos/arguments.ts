import { number, parseOptions, value, whole } from '../../scripts/support/options.js';
import { writable } from '../../scripts/support/writable.js';
import { library } from '../arguments.js';
import { OURS, type Variant } from '../mutant.js';

/** What the user asked for. */
export interface Arguments {
  readonly help: boolean;
  readonly minutes: number;
  readonly candidates: number;
  readonly seed: number;
  readonly library: Variant;
  readonly svg?: string;
}

export const USAGE = `Candidates as real processes, each with a connection of its own to a real Redis and its replica; faults drawn at
random, several at a time; and the logs of them all checked: never two leaders, tokens that rise, always a next leader.

  npm run chaos -- [options]

  --minutes N      how long, 5 by default; from 0.2 to 60
  --candidates N   how many, 8 by default; from 2 to 32
  --seed N         draws the faults of an earlier run again; each run says its own
  --svg FILE       where to draw who led when, and what happened; in chaos-results/ by default
  --library NAME   with a library that lacks something, to see that it is found out, such as deadline-ignored
  --help           says this

It exits with 0 if all was well, 1 if anything was wrong (the logs are kept, it says where), 2 if nothing was shown: too
few changes of leadership, or arguments that make no sense.`;

/** Throws an error with a message for the user if an argument is wrong. */
export function parseArguments(args: readonly string[], anySeed: () => number): Arguments {
  const {
    svg,
    seed = anySeed(),
    ...others
  } = parseOptions(args, {
    minutes: value(number([0.2, 60]), 5),
    candidates: value(whole([2, 32]), 8),
    seed: value(whole([0, 2 ** 32 - 1])),
    svg: value(writable),
    library: value(library(), OURS),
  });
  return { ...others, seed, ...(svg !== undefined && { svg }) };
}
