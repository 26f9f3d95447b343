import { flag, type ParseText, parseOptions, value, whole } from '../../scripts/support/options.js';
import { library } from '../arguments.js';
import { OURS, type Variant } from '../mutant.js';
import { MUTANTS } from '../sim/mutants.js';
import { type Bounds, MOVES, type MoveName, REDUCTIONS } from './bounds.js';
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

/** Names of `names`, separated by commas. */
const listOf =
  <Name extends string>(names: readonly Name[]): ParseText<ReadonlySet<Name>> =>
  (option, text) =>
    new Set(
      text
        .split(',')
        .filter(Boolean)
        .map((name) => {
          const known = names.find((one) => one === name);
          if (known) return known;
          throw new Error(`--${option} must be a list of ${names.join(', ')}; received "${name}"`);
        }),
    );

const ALL_BUT_FLUSH: ReadonlySet<MoveName> = new Set(MOVES.filter((move) => move !== 'flush'));

/** Throws an error with a message for the user if an argument is wrong. */
export function parseArguments(args: readonly string[]): Arguments {
  const { help, candidates, faults, moves, without, seconds, memory, ...others } = parseOptions(args, {
    candidates: value(whole([1, 4]), 2),
    faults: value(whole([0, 8]), 1),
    moves: value(listOf(MOVES), ALL_BUT_FLUSH),
    'ttl-ticks': value(whole([6, 60]), 8),
    'no-notices': flag(),
    without: value(listOf(REDUCTIONS)),
    seconds: value(whole([1, 1_000_000]), 3_600),
    memory: value(whole([64, 1_000_000]), 4_096),
    library: value(library(MUTANTS.map(({ variant }) => variant)), OURS),
  });
  return {
    help,
    library: others.library,
    bounds: {
      candidates,
      faults,
      ttlTicks: others['ttl-ticks'],
      moves,
      notices: !others['no-notices'],
      reductions: new Set(REDUCTIONS.filter((one) => !without?.has(one))),
    },
    limits: { seconds, memory: memory * 2 ** 20 },
  };
}
