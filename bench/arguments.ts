import { parseArgs } from 'node:util';
import { FIELD } from './field.js';
import type { Extent } from './plan.js';

export const MEASUREMENTS = ['hand-over', 'crash', 'requests', 'scale', 'package'] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

/** What the user asked for. */
export interface Arguments {
  readonly help: boolean;
  readonly extent: Extent;
  readonly measurements: readonly Measurement[];
  /** Ids. */
  readonly entrants: readonly string[];
  /** Where the plots go. */
  readonly svg: string;
}

const IDS: readonly string[] = FIELD.map(({ id }) => id);

export const USAGE = `rx-leader beside other libraries, and beside bare sockets that do as little as can be done, on one Redis of this run's own:
hand-overs, crashes, requests, many elections in one process, and the package.

  npm run bench -- [options]

  --quick       within two minutes; eight minutes or so without it
  --full        all of it, and longer: more than half an hour
  --only NAME   only this measurement, or only with this contender; may be given several times
  --svg DIR     where to draw the plots, bench/results by default
  --help        says this

Measurements: ${MEASUREMENTS.join(', ')}
Contenders:   ${IDS.slice(0, 5).join(', ')},
              ${IDS.slice(5).join(', ')}

The figures are of one run on one machine: compare them with each other. The first run installs the other libraries, into bench/.`;

/** Throws an error with a message for the user where they cannot be made sense of. */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      svg: { type: 'string', default: 'bench/results' },
    },
  });
  const { help, quick, full, only, svg } = values;
  if (quick && full) throw new Error('--quick and --full exclude each other');
  if (svg === '') throw new Error('--svg must name a folder');
  for (const name of only) requireKnown(name);
  const measurements = MEASUREMENTS.filter((name) => only.includes(name));
  const entrants = IDS.filter((id) => only.includes(id));
  return {
    help,
    extent: quick ? 'quick' : full ? 'full' : 'usual',
    measurements: measurements.length > 0 ? measurements : MEASUREMENTS,
    entrants: entrants.length > 0 ? entrants : IDS,
    svg,
  };
}

function requireKnown(name: string): void {
  const known: readonly string[] = [...MEASUREMENTS, ...IDS];
  if (!known.includes(name)) throw new Error(`--only must be one of ${known.join(', ')}; received "${name}"`);
}
