/** The benchmark: ours beside other libraries and bare sockets, in one run on one Redis. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Ending, Interrupted, listenForEnd } from '../scripts/support/interrupt.js';
import { type Arguments, parseArguments, USAGE } from './arguments.js';
import { svg } from './report/plot.js';
import type { Section } from './report/section.js';
import { LEGEND, sectionLines } from './report/summary.js';
import { run } from './run.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What goes on, for who watches; not part of what is read afterwards. */
const progress = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

async function main(args: Arguments): Promise<number> {
  using ending = listenForEnd();
  try {
    await conduct(args, ending);
    return 0;
  } catch (error) {
    const reason = ending.signal.aborted ? ending.signal.reason : error;
    if (reason instanceof Interrupted) return reason.exitCode;
    process.stderr.write(`bench: ${reason instanceof Error ? reason.stack : reason}\n`);
    return 1;
  }
}

async function conduct(args: Arguments, ending: Ending): Promise<void> {
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
}

let args: Arguments | undefined;
try {
  args = parseArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n\n${USAGE}\n`);
  process.exitCode = 2;
}
if (args?.help) say(USAGE);
else if (args) process.exitCode = await main(args);
