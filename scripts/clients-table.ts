// Prints the table of clients and topologies for docs/deployments/clients.md, from a run of `npm
// run clients` and of the compilers: npm run clients:table runs the specs first npm run
// clients:table -- FILE takes the results that `npm run clients -- --json --outputFile=FILE` has
// written
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

interface Result {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

/** What a column is about, and the specs that it stands for. */
const COLUMNS: ReadonlyArray<readonly [string, (result: Result) => boolean]> = [
  ['elects, hands over by notice', ({ title }) => title.startsWith('elects, and hands over')],
  ['survives a lost connection', ({ title }) => title.startsWith('keeps its term through')],
  ['elects after a failover', ({ title }) => title.startsWith('elects again after')],
  ['closes clean', ({ title }) => title.startsWith('leaves nothing behind')],
  ['every promise of a store', ({ ancestorTitles }) => ancestorTitles.includes('its store')],
];

const COMPILERS = ['5.9.3', '6.0.3', '7.0.2'];

const compiles = (version: string): boolean => {
  const args = ['-y', '-p', `typescript@${version}`, 'tsc', '-p', 'tsconfig.types.json'];
  return spawnSync('npx', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
};

function results(file: string | undefined): Result[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'rx-leader-'));
  const written = file ?? path.join(folder, 'results.json');
  try {
    if (!file) {
      const jest = ['node_modules/jest/bin/jest.js', '--config', 'jest.clients.config.js', '--json'];
      spawnSync(process.execPath, [...jest, `--outputFile=${written}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    }
    const run: { testResults: Array<{ assertionResults: Result[] }> } = JSON.parse(readFileSync(written, 'utf8'));
    return run.testResults.flatMap(({ assertionResults }) => assertionResults);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Of the specs that are meant: that all have passed, that some have not, or that there is nothing
 * to say.
 */
function verdict(specs: readonly Result[]): string {
  if (specs.length === 0) return '–';
  return specs.every(({ status }) => status === 'passed') ? 'yes' : '**no**';
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

const all = results(process.argv[2]);
const kinds = [...new Set(all.flatMap(({ ancestorTitles: [kind = ''] }) => (kind.includes(': ') ? [kind] : [])))];
const types = COMPILERS.filter(compiles).map((version) => version.replace(/\.\d+$/, ''));
const titles = ['topology', 'client', ...COLUMNS.map(([title]) => title), 'type-checks under TypeScript'];
const lines = kinds.map((kind) => {
  const own = all.filter(({ ancestorTitles }) => ancestorTitles[0] === kind);
  return row([...kind.split(': '), ...COLUMNS.map(([, of]) => verdict(own.filter(of))), types.join(', ') || '**no**']);
});
process.stdout.write(`${[row(titles), row(titles.map(() => '---')), ...lines.sort()].join('\n')}\n`);
