import { parseArgs } from 'node:util';
import { libraryOption, wholeOption } from '../arguments.js';
import { OURS, type Variant } from '../mutant.js';
import { MUTANTS } from '../sim/mutants.js';
import { type Bounds, MOVES, type MoveName, REDUCTIONS, type Reduction } from './bounds.js';
import type { Limits } from './explore.js';

export interface Arguments {
  readonly help: boolean;
  readonly library: Variant;
  readonly bounds: Bounds;
  readonly limits: Limits;
}

export const USAGE = `Explores every interleaving of the shipped decisions and the rules of the store, up to a bound.

  npm run check -- [options]

  --candidates N    2 by default, at most 4
  --faults N        how many of the moves below may happen in one history, 1 by default
  --moves LIST      which, of: ${MOVES.join(', ')}
                    (default: all but flush)
  --ttl-ticks N     ticks in a ttl, 8 by default, at least 6
  --no-notices      candidates receive no notices, and go by their timers
  --without LIST    reductions to leave out, of: ${REDUCTIONS.join(', ')}
  --seconds N       stop after so long, 3600 by default
  --memory MB       stop at so much memory, 4096 by default
  --library NAME    a library that lacks something, to see it found out
  --help            prints this

Exit code: 0 every state was explored and all properties hold; 1 a property is broken (the shortest trace
is printed); 2 wrong arguments; 3 the run stopped at a limit before every state was explored.`;

/** Throws an error with a message for the user where the arguments make no sense. */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      candidates: { type: 'string', default: '2' },
      faults: { type: 'string', default: '1' },
      moves: { type: 'string', default: MOVES.filter((move) => move !== 'flush').join(',') },
      'ttl-ticks': { type: 'string', default: '8' },
      'no-notices': { type: 'boolean', default: false },
      without: { type: 'string', default: '' },
      seconds: { type: 'string', default: '3600' },
      memory: { type: 'string', default: '4096' },
      library: { type: 'string', default: OURS.name },
    },
  });
  const left = listOption('without', values.without, REDUCTIONS);
  return {
    help: values.help,
    library: libraryOption(
      values.library,
      MUTANTS.map(({ variant }) => variant),
    ),
    bounds: {
      candidates: wholeOption('candidates', values.candidates, [1, 4]),
      faults: wholeOption('faults', values.faults, [0, 8]),
      ttlTicks: wholeOption('ttl-ticks', values['ttl-ticks'], [6, 60]),
      moves: new Set<MoveName>(listOption('moves', values.moves, MOVES)),
      notices: !values['no-notices'],
      reductions: new Set<Reduction>(REDUCTIONS.filter((one) => !left.includes(one))),
    },
    limits: {
      seconds: wholeOption('seconds', values.seconds, [1, 1_000_000]),
      memory: wholeOption('memory', values.memory, [64, 1_000_000]) * 2 ** 20,
    },
  };
}

function listOption<Name extends string>(option: string, text: string, names: readonly Name[]): Name[] {
  return text
    .split(',')
    .filter(Boolean)
    .map((name) => {
      const known = names.find((one) => one === name);
      if (known) return known;
      throw new Error(`--${option} must be a list of ${names.join(', ')}; received "${name}"`);
    });
}
