/** Every mutant that the moves of the checker can express, and the shortest trace that shows it. */
import type { Mutant } from '../sim/mutant.js';
import { MUTANTS } from '../sim/mutants.js';
import { type Bounds, MOVES, type MoveName, REDUCTIONS } from './bounds.js';
import { engineOf } from './engine.js';
import { explore, type Result } from './explore.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Files that the checker drives. The simulator checks timers, streams and the quorum. */
const DRIVEN = /^(core\/|port\/rules)/;

const isExpressible = ({ variant, servers }: Mutant): boolean =>
  servers === undefined && variant.patches.every(({ file }) => DRIVEN.test(file));

const bounds = (faults: number, moves: readonly MoveName[], notices = true): Bounds => ({
  candidates: 2,
  faults,
  ttlTicks: 8,
  moves: new Set(moves),
  notices,
  reductions: new Set(REDUCTIONS),
});

/** From small to large: most mutants are found in the first. */
const RUNS: readonly Bounds[] = [
  bounds(1, MOVES, false),
  bounds(1, ['delay', 'lose', 'pause', 'close', 'resign']),
  bounds(2, ['delay', 'lose', 'pause', 'flush'], false),
];

const LIMITS = { seconds: 30, memory: 4 * 2 ** 30 };

interface Finding {
  readonly states: number;
  readonly result: Result;
}

function search(mutant: Mutant): Finding | undefined {
  const engine = engineOf(mutant.variant);
  let states = 0;
  for (const run of RUNS) {
    const result = explore(engine, run, LIMITS, () => {});
    states += result.states;
    if (result.finding) return { states, result };
  }
  return undefined;
}

const wanted = process.argv.slice(2);
const mutants = MUTANTS.filter(isExpressible).filter(
  ({ variant }) => wanted.length === 0 || wanted.includes(variant.name),
);
print(` ${'mutant'.padEnd(36)}${'states'.padStart(8)}${'moves'.padStart(7)}  property`);
let missed = 0;
for (const mutant of mutants) {
  const finding = search(mutant);
  if (!finding) missed += 1;
  const { states = '–', result } = finding ?? {};
  const shown = result?.finding ? `${result.finding.property}: ${result.finding.text}` : 'not found within the limits';
  print(
    ` ${mutant.variant.name.padEnd(36)}${String(states).padStart(8)}${String(result?.trace.length ?? '–').padStart(7)}  ${shown}`,
  );
  if (wanted.length > 0) for (const line of result?.trace ?? []) print(`    ${line}`);
}
print(` ${mutants.length - missed} of ${mutants.length} found`);
