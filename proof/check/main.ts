import { type Arguments, parseArguments, USAGE } from './arguments.js';
import { engineOf } from './engine.js';
import { explore, type Progress, type Result } from './explore.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function run({ library, bounds, limits }: Arguments): number {
  const { candidates, faults, ttlTicks, moves } = bounds;
  print(
    `check: ${candidates} candidates, ${faults} faults of ${[...moves].join(', ')}, ttl ${ttlTicks} ticks, library ${library.name}`,
  );
  const begun = performance.now();
  let shown = begun;
  const result = explore(engineOf(library), bounds, limits, (progress) => {
    if (performance.now() - shown < 5_000) return;
    shown = performance.now();
    print(lineOf(progress));
  });
  for (const line of summaryOf(result, (performance.now() - begun) / 1_000)) print(line);
  if (result.finding) return 1;
  return result.isExhausted ? 0 : 3;
}

const lineOf = ({ states, transitions, depth, open }: Progress): string =>
  `  depth ${depth}: ${states} states, ${transitions} transitions, ${open} open`;

function summaryOf(result: Result, seconds: number): string[] {
  const reached = [...result.situations].filter(([, times]) => times > 0).sort((a, b) => a[1] - b[1]);
  const never = [...result.situations].filter(([, times]) => times === 0).map(([name]) => name);
  const lines = [
    '',
    ` states       ${result.states}`,
    ` transitions  ${result.transitions}`,
    ` depth        ${result.depth}`,
    ` time         ${seconds.toFixed(1)} s`,
    ` exhausted    ${result.isExhausted ? 'yes' : `no: stopped by ${result.stoppedBy}`}`,
    ...reached.map(([name, times], i) => `${i === 0 ? ' reached     ' : '             '} ${name}: ${times}`),
    ` never        ${never.join(', ') || 'no situation was missed'}`,
  ];
  if (!result.finding) return [...lines, ` violations   0`];
  return [
    ...lines,
    ` BROKEN       ${result.finding.property}: ${result.finding.text}`,
    '',
    `The shortest trace (${result.trace.length} moves; the first column is the time in ticks):`,
    ...result.trace,
  ];
}

let options: Arguments;
try {
  options = parseArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`check: ${(error as Error).message}\n`);
  process.exit(2);
}
if (options.help) print(USAGE);
else process.exitCode = run(options);
