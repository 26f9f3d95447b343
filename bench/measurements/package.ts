import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Arena } from '../arena.js';
import { esbuild } from '../esbuild.js';
import type { Section } from '../report/section.js';
import { figureText, type Row } from '../report/table.js';
import { median } from '../statistics.js';

const run = promisify(execFile);
/** ms for a build. */
const PATIENCE = 60_000;

/** What whoever installs, imports or bundles the library pays for it. */
export async function packaged(arena: Arena, imports: number): Promise<Section> {
  const { signal } = arena;
  arena.say('package: building');
  await run(process.execPath, ['scripts/build.mjs'], { signal, timeout: PATIENCE });
  const notes = [await packedSize(signal), ...bundledSizes()];
  arena.say('package: importing');
  const rows: Row[] = [];
  for (const id of arena.entrants.filter((entrant) => !entrant.startsWith('floor-'))) {
    rows.push(await importRow(id, imports, signal));
  }
  const columns = [
    { title: 'import ms', digits: 1, compared: true },
    { title: 'imports', digits: 0 },
  ];
  return {
    title: 'The package',
    notes: [
      ...notes,
      'Import: of the package alone, without a client, into a new process; the median. Ours brings RxJS in.',
    ],
    tables: [{ title: 'time to import', columns, rows }],
    plots: {},
  };
}

async function packedSize(signal: AbortSignal): Promise<string> {
  const args = ['pack', '--dry-run', '--ignore-scripts', '--json'];
  const { stdout } = await run('npm', args, { signal, timeout: PATIENCE });
  const [packed] = JSON.parse(stdout) as Array<{ size: number; unpackedSize: number; entryCount: number }>;
  if (packed === undefined) throw new Error('npm pack told nothing');
  return `Packed: ${kB(packed.size)} kB, unpacked ${kB(packed.unpackedSize)} kB, ${packed.entryCount} files.`;
}

const kB = (bytes: number): string => figureText(bytes / 1_024, 1);

function bundledSizes(): string[] {
  const { buildSync } = esbuild();
  const sizes = (external: readonly string[]) => {
    const { outputFiles } = buildSync({
      entryPoints: ['dist/esm/index.js'],
      bundle: true,
      minify: true,
      write: false,
      platform: 'node',
      format: 'esm',
      external,
    });
    const bundle = outputFiles?.[0]?.contents ?? new Uint8Array();
    return `${kB(bundle.length)} kB minified, ${kB(gzipSync(bundle, { level: 9 }).length)} kB gzipped`;
  };
  return [`Bundled without RxJS: ${sizes(['rxjs'])}.`, `Bundled with what it uses of RxJS: ${sizes([])}.`];
}

/** The program times its own import, so that the start of Node is left out. */
async function importRow(id: string, imports: number, signal: AbortSignal): Promise<Row> {
  const { href } = id === 'rx-leader' ? new URL('../../dist/esm/index.js', import.meta.url) : installedAt(id);
  const program = `const from = performance.now(); await import(${JSON.stringify(href)}); console.log(performance.now() - from);`;
  const times: number[] = [];
  try {
    for (let index = 0; index < imports; index++) {
      const args = ['--input-type=module', '--eval', `${program} process.exit();`];
      const { stdout } = await run(process.execPath, args, {
        signal,
        timeout: PATIENCE,
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      times.push(Number(stdout));
    }
  } catch (error) {
    signal.throwIfAborted();
    return { id, missing: String((error as Error).message.split('\n')[0]) };
  }
  return { id, figures: [median(times), times.length] };
}

const benchRequire = createRequire(new URL('../package.json', import.meta.url));
const installedAt = (id: string): URL => pathToFileURL(benchRequire.resolve(id));
