import { flag, oneOf, parseOptions, text, value, values } from '../scripts/support/options.js';
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

/** Throws an error with a message for the user if an argument is wrong. */
export function parseArguments(args: readonly string[]): Arguments {
  const { help, quick, full, only, svg } = parseOptions(args, {
    quick: flag(),
    full: flag(),
    only: values(oneOf([...MEASUREMENTS, ...IDS])),
    svg: value(text, 'bench/results'),
  });
  if (quick && full) throw new Error('--quick and --full exclude each other');
  if (svg === '') throw new Error('--svg must name a folder');
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
