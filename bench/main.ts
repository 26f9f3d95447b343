/** The benchmark: ours beside other libraries and bare sockets, in one run on one Redis. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand, say } from '../scripts/support/command.js';
import type { Ending } from '../scripts/support/interrupt.js';
import { type Arguments, parseArguments, USAGE } from './arguments.js';
import { svg } from './report/plot.js';
import type { Section } from './report/section.js';
import { LEGEND, sectionLines } from './report/summary.js';
import { run } from './run.js';

/** What goes on, for who watches; not part of what is read afterwards. */
const progress = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

async function conduct(args: Arguments, ending: Ending): Promise<number> {
  mkdirSync(args.svg, { recursive: true }); // found out now rather than after the run
  const files: string[] = [];
  await run(args, ending.signal, progress, (section: Section) => {
    say(sectionLines(section).join('\n'));
    for (const [name, plot] of Object.entries(section.plots)) {
      const file = path.join(args.svg, `${name}.svg`);
      writeFileSync(file, svg(plot));
      files.push(file);
    }
  });
  say(['', ...LEGEND, ...(files.length > 0 ? [`Plots: ${files.join(', ')}`] : [])].join('\n'));
  return 0;
}

process.exitCode = await runCommand({ name: 'bench', usage: USAGE, parse: parseArguments, conduct, failed: 1 });
