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

/** One change of a source file: `search` is replaced where it stands, which must be in exactly one place. */
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
  /** Where `index.js` is, as ES modules and as CommonJS. */
  readonly esm: string;
  readonly cjs: string;
  /** The scripts that were compiled beside it. */
  readonly scripts: string;
}

export const OURS: Variant = { name: 'ours', patches: [] };

/** ms that a compiled library is kept unless it is asked for again. */
const KEPT = 3_600_000;

const CACHE = path.resolve('node_modules/.cache/rx-leader/variants');

const builds = new Map<string, Build>();

/**
 * Compiles lib/ as `variant` has it, and the TypeScript files in the folder `scripts`, so that processes start without a compiler
 * of their own. Kept by content: the same sources are compiled once, however many spec files ask for them.
 */
export function build(variant: Variant, scripts: string): Build {
  const id = `${scripts}:${variant.name}`;
  const known = builds.get(id);
  if (known) return known;
  const sources = { lib: patched(variant, read(path.resolve('lib'))), scripts: read(path.resolve(scripts)) };
  const hash = createHash('sha1')
    .update(JSON.stringify([...sources.lib, ...sources.scripts]))
    .digest('hex')
    .slice(0, 12);
  const target = path.join(CACHE, `${variant.name}-${hash}`);
  if (existsSync(target)) utimesSync(target, new Date(), new Date());
  else compile(sources, target);
  const built = { esm: path.join(target, 'esm'), cjs: path.join(target, 'cjs'), scripts: path.join(target, 'scripts') };
  builds.set(id, built);
  return built;
}

/** Throws unless each patch finds its text in exactly one place: a variant that equals the original would prove nothing. */
export function patched({ name, patches }: Variant, sources: ReadonlyMap<string, string>): Map<string, string> {
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

type Sources = Record<'lib' | 'scripts', ReadonlyMap<string, string>>;

function compile({ lib, scripts }: Sources, target: string): void {
  mkdirSync(CACHE, { recursive: true });
  prune();
  // Complete before it has its name, since others may be looking for it at this moment.
  const draft = mkdtempSync(path.join(CACHE, 'draft-'));
  write(lib, path.join(draft, 'esm'), 'es6');
  write(lib, path.join(draft, 'cjs'), 'commonjs');
  write(scripts, path.join(draft, 'scripts'), 'es6');
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // else somebody else was first
  }
}

/** Removes what was made of sources that have changed since: no run is that long. */
function prune(): void {
  for (const name of readdirSync(CACHE)) {
    const folder = path.join(CACHE, name);
    const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - made > KEPT) rmSync(folder, { recursive: true, force: true });
  }
}

function write(sources: ReadonlyMap<string, string>, folder: string, type: 'es6' | 'commonjs'): void {
  for (const [file, source] of sources) {
    const { code } = transformSync(source, {
      filename: file,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type },
      configFile: false,
      swcrc: false,
    });
    const out = path.join(folder, file.replace(/\.ts$/, '.js'));
    mkdirSync(path.dirname(out), { recursive: true });
    writeFileSync(out, code);
  }
  // Node looks no further than the next node_modules for what a .js file is.
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type: type === 'es6' ? 'module' : 'commonjs' }));
}

function read(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return new Map(
    files.sort().map((file) => [file.split(path.sep).join('/'), readFileSync(path.join(folder, file), 'utf8')]),
  );
}
