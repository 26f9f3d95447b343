/** Runs every mutant until a world detects it: a simulator that cannot fail shows nothing. */
import { availableParallelism } from 'node:os';
import { build } from '../mutant.js';
import type { Mutant } from './mutant.js';
import { MUTANTS } from './mutants.js';
import { Workers } from './workers.js';

/** Seeds within which each must be detected. */
const SEEDS = 40_000;
const CHUNK = 100;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Finding {
  readonly mutant: Mutant;
  /** The first seed whose world breaks a promise. */
  readonly seed?: number;
  readonly how: string;
}

async function look(mutant: Mutant, workers: Workers): Promise<Finding> {
  const library = build(mutant.variant); // one that cannot be made is no finding
  for (let from = 1; from <= SEEDS; from += CHUNK) {
    try {
      const { failures } = await workers.do({
        library,
        from,
        to: from + CHUNK,
        first: true,
        servers: mutant.servers ?? 1,
      });
      const [failure] = failures;
      if (failure) return { mutant, seed: failure.seed, how: `${failure.breach.rule}: ${failure.breach.text}` };
    } catch (error) {
      return { mutant, seed: from, how: String(error) }; // an exception that nobody caught, in one of these worlds
    }
  }
  return { mutant, how: 'SURVIVES' };
}

function line({ mutant, seed, how }: Finding): string {
  const text = how.length > 90 ? `${how.slice(0, 89)}…` : how;
  return ` ${mutant.variant.name.padEnd(34)}${String(seed ?? '–').padStart(6)}  ${text}`;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !MUTANTS.some(({ variant }) => variant.name === name));
if (unknown.length > 0) {
  process.stderr.write(`mutants: there is none of the name ${unknown.join(', ')}\n`);
  process.exit(2);
}
const mutants = MUTANTS.filter(({ variant }) => wanted.length === 0 || wanted.includes(variant.name));
say(` ${'mutant'.padEnd(34)}${'seeds'.padStart(6)}  the first promise that it breaks`);
const count = availableParallelism();
using workers = new Workers(count);
const findings: Finding[] = [];
let next = 0;
const work = async () => {
  for (let mutant = mutants[next++]; mutant; mutant = mutants[next++]) {
    const finding = await look(mutant, workers);
    findings.push(finding);
    say(line(finding));
  }
};
await Promise.all(Array.from({ length: count }, work));
const alive = findings.filter(({ seed }) => seed === undefined);
say('');
say(` ${findings.length - alive.length} of ${findings.length} found out within ${SEEDS} seeds`);
process.exitCode = alive.length > 0 ? 1 : 0;
