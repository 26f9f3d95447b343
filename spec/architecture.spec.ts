import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const LIB = `${__dirname}/../lib`;

/**
 * The parts of lib, what each may import of the others beside itself, and from outside. Imports point one way: from the
 * entry through the facade to streams and stores, from there to the store port and the pure core, and at last to the errors.
 */
const LAYERS: Record<string, { readonly is: RegExp; readonly may: readonly string[]; readonly outside: RegExp }> = {
  entry: {
    is: /^index\.ts$/,
    may: ['facade', 'operators', 'stream', 'clock', 'redis', 'port', 'errors', 'helpers'],
    outside: /^$/,
  },
  testing: {
    is: /^testing\//,
    may: ['clock', 'core', 'port', 'errors'],
    outside: /^(rxjs|node:.+)$/,
  },
  facade: {
    is: /^(elect|election|election-interface|environment|observe|options|quorum|replicated|store-of|validation)\.ts$/,
    may: ['stream', 'clock', 'redis', 'quorum', 'core', 'port', 'errors', 'helpers'],
    outside: /^(rxjs|node:.+)$/,
  },
  operators: { is: /^operators\//, may: ['stream', 'errors'], outside: /^rxjs$/ },
  stream: {
    is: /^stream\/(?!(clock|fake-timers|uptime-offset|wall-shift)\.ts)/,
    may: ['clock', 'core', 'port', 'errors', 'helpers'],
    outside: /^(rxjs|node:.+)$/,
  },
  clock: { is: /^stream\/(clock|fake-timers|uptime-offset|wall-shift)\.ts$/, may: [], outside: /^node:.+$/ },
  redis: { is: /^store\/redis\//, may: ['port', 'errors', 'helpers'], outside: /^(rxjs|node:.+)$/ },
  // Stands over other stores, and asks them as the election asks its own.
  quorum: { is: /^store\/quorum\//, may: ['stream', 'clock', 'core', 'port', 'errors', 'helpers'], outside: /^rxjs$/ },
  core: { is: /^core\//, may: ['port', 'errors'], outside: /^$/ },
  port: { is: /^store\/(index|lease-store)\.ts$/, may: ['errors'], outside: /^rxjs$/ },
  errors: { is: /^(errors|foreign-error|redact)\.ts$/, may: [], outside: /^$/ },
  helpers: { is: /^(lookup|random-id|warning)\.ts$/, may: [], outside: /^node:crypto$/ },
};

const layerOf = (file: string): string | undefined => Object.keys(LAYERS).find((name) => LAYERS[name]?.is.test(file));

/** What `source` imports or re-exports, types included, statically or not. */
function imports(source: string): string[] {
  const statements = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm;
  const calls = /\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g;
  return [...source.matchAll(statements), ...source.matchAll(calls)].map((match) => match[1] ?? match[2] ?? '');
}

/** The imports in `files`, sources by their path in lib, that go where they must not. */
function wrongArrows(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).flatMap(([file, source]) => {
    const layer = layerOf(file);
    if (!layer) return [`${file} belongs to no layer`];
    return imports(source).flatMap((specifier) => {
      const target = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined;
      if (target === undefined)
        return LAYERS[layer]?.outside.test(specifier) ? [] : [`${file} (${layer}) → ${specifier}`];
      const to = layerOf(target.replace(/\.js$/, '.ts'));
      const allowed = to !== undefined && (to === layer || LAYERS[layer]?.may.includes(to));
      return allowed ? [] : [`${file} (${layer}) → ${target} (${to ?? 'no layer'})`];
    });
  });
}

async function sources(): Promise<Record<string, string>> {
  const names = (await readdir(LIB, { recursive: true })).filter((name) => name.endsWith('.ts'));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(`${LIB}/${name}`, 'utf8')] as const)),
  );
}

describe('the imports of lib', () => {
  it('point one way, and to nothing from outside but rxjs and Node', async () => {
    const files = await sources();
    expect(wrongArrows(files)).toEqual([]);
    // Read at all, or the above is true of nothing.
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['index.ts', 'core/step.ts', 'store/redis/scripts.ts']));
    expect(Object.values(files).flatMap(imports).length).toBeGreaterThan(80);
  });

  it('make no circle among the files of a layer', async () => {
    const files = await sources();
    const targets = (file: string): string[] =>
      imports(files[file] ?? '')
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts'));
    const reach = (file: string, seen: Set<string>): Set<string> => {
      for (const target of targets(file)) if (!seen.has(target)) reach(target, seen.add(target));
      return seen;
    };
    expect(Object.keys(files).filter((file) => reach(file, new Set()).has(file))).toEqual([]);
  });

  it('keep the pure core and the errors free of rxjs, Redis and Node', () => {
    for (const specifier of ['rxjs', 'redis', 'node:os', 'node:crypto']) {
      const source = `import { x } from '${specifier}';`;
      expect(wrongArrows({ 'core/step.ts': source, 'errors.ts': source })).toEqual([
        `core/step.ts (core) → ${specifier}`,
        `errors.ts (errors) → ${specifier}`,
      ]);
    }
  });
});

describe('the check of imports', () => {
  it.each([
    ['core', 'core/step.ts', "import { Candidacy } from '../stream/candidacy.js';"],
    ['core, by a type', 'core/step.ts', "import type { Clock } from '../stream/clock.js';"],
    ['the store port', 'store/lease-store.ts', "import { redisStore } from './redis/store.js';"],
    ['a store', 'store/redis/store.ts', "import { learn } from '../../core/memory.js';"],
    ['the streams', 'stream/request.ts', "import { redisStore } from '../store/redis/store.js';"],
    ['the streams, upwards', 'stream/request.ts', "import { environment } from '../environment.js';"],
    ['an operator', 'operators/while-leader.ts', "import { LiveElection } from '../election.js';"],
    ['the facade, upwards', 'election.ts', "import { elect } from './index.js';"],
    ['the facade, to a client', 'environment.ts', "import { createClient } from 'redis';"],
    ['the testing kit', 'testing/index.ts', "import { elect } from '../elect.js';"],
    ['the entry, from outside', 'index.ts', "export { Observable } from 'rxjs';"],
    ['an import for its effect', 'core/step.ts', "import '../stream/clock.js';"],
    ['an import call', 'core/step.ts', "const { x } = await import('../stream/clock.js');"],
    ['a require', 'environment.ts', "const redis = require('ioredis');"],
    ['several lines', 'core/step.ts', "import {\n  a,\n  b,\n} from '../stream/clock.js';"],
    ['a re-export', 'core/step.ts', "export * from '../stream/clock.js';"],
    ['a file of no layer', 'utils.ts', ''],
    ['an import of no layer', 'election.ts', "import { x } from './utils.js';"],
  ])('fails on a wrong arrow of %s', (_, file, source) => {
    expect(wrongArrows({ [file]: source })).toHaveLength(1);
  });
});
