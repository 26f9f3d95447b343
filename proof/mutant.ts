import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';
import { buildSync } from 'esbuild';
import { getOrMake } from '../lib/util/lookup.js';

/**
 * One change of a source file: `search` is replaced where it stands, which must be in exactly one
 * place.
 */
export interface Patch {
  /** Relative to lib/. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/** A library that differs from ours in one thing that it does not do, or does wrong. */
export interface Variant {
  /** Names its folder. */
  readonly name: string;
  readonly patches: readonly Patch[];
}

/** A compiled library. */
export interface Build {
  /** Where `index.js` is, as CommonJS. */
  readonly cjs: string;
}

export const OURS: Variant = { name: 'ours', patches: [] };

/** ms that a compiled library is kept unless it is asked for again. */
const KEPT = 3_600_000;

const CACHE = path.resolve('node_modules/.cache/rx-leader/variants');

type Sources = ReadonlyMap<string, string>;

const libraries = new Map<Variant, Sources>();
const builds = new Map<Variant, Build>();

/** lib/ as `variant` has it. */
const libraryOf = (variant: Variant): Sources => getOrMake(libraries, variant, () => patched(variant, read('lib')));

/** Compiles lib/ as `variant` has it, so that processes start without a compiler. */
export const build = (variant: Variant): Build =>
  getOrMake(builds, variant, () => {
    const lib = libraryOf(variant);
    return { cjs: kept(variant.name, [lib], (folder) => compile(lib, folder)) };
  });

/**
 * Bundles each program in the folder `programs` with the library as `variant` has it and its other
 * imports. Returns the folder. A bundled program starts in half the time, because Node need not
 * find the hundreds of files of a client.
 */
export function bundle(variant: Variant, programs: string): string {
  const lib = libraryOf(variant);
  const sources = read(programs);
  return kept(`${variant.name}-programs`, [lib, sources], (folder) => {
    writeAll(lib, path.join(folder, 'lib'));
    writeAll(sources, path.join(folder, 'programs'));
    const entryPoints = [...sources.keys()].map((file) => path.join(folder, 'programs', file));
    buildSync({
      entryPoints,
      outdir: folder,
      bundle: true,
      splitting: true, // what is imported on demand stays apart
      platform: 'node',
      format: 'esm',
      target: 'node20',
      alias: {
        'rx-leader': path.join(folder, 'lib/index.ts'),
        'rx-leader/store': path.join(folder, 'lib/port/index.ts'),
        'rx-leader/testing': path.join(folder, 'lib/testing/index.ts'),
      },
      // What is CommonJS in it asks for Node's own modules by `require`.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  });
}

/**
 * A folder that `make` has filled, named by the content of its sources: it is made once for all
 * spec files.
 */
function kept(name: string, sources: readonly Sources[], make: (folder: string) => void): string {
  const hash = createHash('sha1')
    .update(JSON.stringify(sources.map((each) => [...each])))
    .digest('hex')
    .slice(0, 12);
  const target = path.join(CACHE, `${name}-${hash}`);
  if (existsSync(target)) {
    utimesSync(target, new Date(), new Date());
    return target;
  }
  mkdirSync(CACHE, { recursive: true });
  prune();
  // Complete before it has its name, since others may be looking for it at this moment.
  const draft = mkdtempSync(path.join(CACHE, 'draft-'));
  make(draft);
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // else somebody else was first
  }
  return target;
}

/**
 * Throws unless each patch matches exactly once: a variant that equals the original would prove
 * nothing.
 */
export function patched({ name, patches }: Variant, sources: Sources): Map<string, string> {
  const result = new Map(sources);
  for (const { file, search, replace } of patches) {
    const source = result.get(file);
    if (source === undefined) throw new Error(`variant ${name}: there is no file ${file}`);
    const found = source.split(search).length - 1;
    if (found !== 1) throw new Error(`variant ${name}: found ${found} times in ${file}, not once: ${search}`);
    result.set(
      file,
      source.replace(search, () => replace),
    );
  }
  return result;
}

/** Removes old builds: no run takes that long. */
function prune(): void {
  for (const name of readdirSync(CACHE)) {
    const folder = path.join(CACHE, name);
    const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - made > KEPT) rmSync(folder, { recursive: true, force: true });
  }
}

function compile(sources: Sources, folder: string): void {
  const compiled = new Map<string, string>();
  for (const [file, source] of sources) {
    const { code } = transformSync(source, {
      filename: file,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
      configFile: false,
      swcrc: false,
    });
    compiled.set(file.replace(/\.ts$/, '.js'), code);
  }
  // Node searches no further than the next node_modules for the type of a .js file.
  writeAll(compiled.set('package.json', '{ "type": "commonjs" }'), folder);
}

function writeAll(files: Sources, folder: string): void {
  for (const [file, text] of files) {
    const out = path.join(folder, file);
    mkdirSync(path.dirname(out), { recursive: true });
    writeFileSync(out, text);
  }
}

/** The TypeScript files in `folder`, by their paths in it. */
function read(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return new Map(
    files.sort().map((file) => [file.split(path.sep).join('/'), readFileSync(path.join(folder, file), 'utf8')]),
  );
}
