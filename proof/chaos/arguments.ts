import { parseArgs } from 'node:util';
import { requireWritable } from '../../scripts/support/writable.js';
import { libraryOption, numberOption, wholeOption } from '../arguments.js';
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

const RANGES = { minutes: [0.2, 60], candidates: [2, 32], seed: [0, 2 ** 32 - 1] } as const;

/** Throws an error with a message for the user where they cannot be made sense of. */
export function parseArguments(args: readonly string[], anySeed: () => number): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '5' },
      candidates: { type: 'string', default: '8' },
      seed: { type: 'string' },
      svg: { type: 'string' },
      library: { type: 'string', default: OURS.name },
    },
  });
  const { help, minutes, candidates, seed, svg, library } = values;
  if (svg !== undefined) requireWritable('--svg', svg);
  return {
    help,
    minutes: numberOption('minutes', minutes, RANGES.minutes),
    candidates: wholeOption('candidates', candidates, RANGES.candidates),
    seed: seed === undefined ? anySeed() : wholeOption('seed', seed, RANGES.seed),
    library: libraryOption(library),
    ...(svg !== undefined && { svg }),
  };
}
