/**
 * The failover series: a master of Redis is lost, replaced or cut off, for each topology and
 * client. Repeats each case and prints a table.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { EXIT_CODES, runCommand, say } from '../../scripts/support/command.js';
import type { Ending } from '../../scripts/support/interrupt.js';
import { redisProgram } from '../../scripts/support/redis.js';
import { OURS } from '../mutant.js';
import { prepare } from '../prepare.js';
import { type Arguments, parseArguments, USAGE } from './arguments.js';
import { SPLIT } from './cases/case.js';
import { seriesOf } from './figures.js';
import { measure, nameOf, type Result, ROWS } from './run.js';
import { contradictions, tableOf, withTable } from './table.js';
import { TIMES } from './testbed.js';

const PAGE = 'docs/deployments/topologies.md';

async function conduct(args: Arguments, { signal }: Ending): Promise<number> {
  const rows = ROWS.filter((row) => nameOf(row).includes(args.only));
  if (rows.length === 0) throw new Error(`no row has "${args.only}" in its name`);
  const { programs } = prepare(OURS);
  say(`failover: ${rows.length} rows, ${args.times} times each, ${args.atOnce} at one time`);
  const results = await measure(rows, args, programs, signal, say);
  const text = `${caption(args)}\n\n${tableOf(results)}`;
  say(`\n${text}\n`);
  if (args.write) writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8'), text));
  return verdict(results);
}

/** The conditions of the measurement. */
function caption({ times, atOnce }: Arguments): string {
  const server = String(execFileSync(redisProgram('redis-server'), ['--version']));
  const versions = [
    `Node ${process.versions.node}`,
    `Redis ${/v=([\d.]+)/.exec(server)?.[1] ?? 'unknown'}`,
    ...['redis', 'ioredis'].map((name) => `\`${name}\` ${versionOf(name)}`),
  ];
  const often = `Each row ${times} times, ${atOnce} at one time`;
  const date = new Date().toISOString().slice(0, 10);
  return [
    `${date}, one machine with ${cpus().length} cores (${process.platform}), ${versions.join(', ')}, \`ttl\` ${TIMES.ttl / 1_000} s`,
    `unless the fault says otherwise. ${often}. A master was cut off for ${SPLIT / 1_000} s.`,
  ].join(' ');
}

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;

function verdict(results: readonly Result[]): number {
  const found = results.flatMap(({ row, outcomes, failures }) => [
    ...contradictions(row, seriesOf(outcomes)).map((what) => `WRONG       ${nameOf(row)}: ${what}`),
    ...(failures.length > 0 ? [`NOT MEASURED  ${nameOf(row)}: ${failures.join('; ')}`] : []),
  ]);
  for (const line of found) say(line);
  if (found.some((line) => line.startsWith('WRONG'))) return EXIT_CODES.wrong;
  return found.length > 0 ? EXIT_CODES.void : EXIT_CODES.well;
}

const code = await runCommand({
  name: 'failover',
  usage: USAGE,
  parse: parseArguments,
  conduct,
  failed: EXIT_CODES.void,
});
// Nothing is running by now, but timers of aborted waits may last for a minute.
process.exit(code);
