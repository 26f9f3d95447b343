/**
 * The chaos run: candidates as real processes on a real Redis with a replica, overlapping faults
 * drawn from a seed, and a check of all logs afterwards.
 */
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { EXIT_CODES, runCommand, say } from '../../scripts/support/command.js';
import type { Ending } from '../../scripts/support/interrupt.js';
import { type Arguments, parseArguments, USAGE } from './arguments.js';
import { picture } from './picture.js';
import { Results } from './results.js';
import { run } from './run.js';
import { summarize } from './summary.js';
import { judge } from './verdict.js';

async function conduct(args: Arguments, ending: Ending): Promise<number> {
  const { minutes, candidates, seed, library } = args;
  say(`chaos: ${candidates} candidates for ${minutes} minutes, library ${library.name}; again with --seed ${seed}`);
  const evidence = await run(args, ending.signal, say);
  const verdict = judge(evidence);
  const results = new Results(seed);
  const drawn = picture(args, evidence, verdict);
  const file = args.svg ?? results.put('picture.svg', drawn);
  if (args.svg !== undefined) writeFileSync(args.svg, drawn);
  const lines = summarize(args, evidence, verdict);
  if (verdict.outcome === 'wrong') lines.push(` logs        ${results.keep(evidence, verdict.problems)}`);
  say(['', ...lines, ` picture     ${file}`].join('\n'));
  return EXIT_CODES[verdict.outcome];
}

process.exitCode = await runCommand({
  name: 'chaos',
  usage: USAGE,
  parse: (args) => parseArguments(args, () => randomInt(2 ** 32)),
  conduct,
  failed: EXIT_CODES.void,
});
