import { parseArgs } from 'node:util';
import { requireWritable } from '../../scripts/support/writable.js';
import { OURS, type Variant } from '../mutant.js';
import * as variants from '../variants.js';

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

const NUMBERS = { minutes: [0.2, 60], candidates: [2, 32], seed: [0, 2 ** 32 - 1] } as const;

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
    minutes: number('minutes', minutes),
    candidates: whole('candidates', candidates),
    seed: seed === undefined ? anySeed() : whole('seed', seed),
    library: libraryOf(library),
    ...(svg !== undefined && { svg }),
  };
}

function number(name: keyof typeof NUMBERS, text: string): number {
  const [least, most] = NUMBERS[name];
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new Error(`--${name} must be a number from ${least} to ${most}; received "${text}"`);
  }
  return value;
}

function whole(name: keyof typeof NUMBERS, text: string): number {
  const value = number(name, text);
  if (!Number.isInteger(value)) throw new Error(`--${name} must be a whole number; received "${text}"`);
  return value;
}

function libraryOf(name: string): Variant {
  const libraries = [OURS, ...Object.values(variants)];
  const found = libraries.find((variant) => variant.name === name);
  if (found) return found;
  throw new Error(
    `--library must be one of ${libraries.map((variant) => variant.name).join(', ')}; received "${name}"`,
  );
}
