import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const LIB = `${__dirname}/../lib`;

/**
 * The folders of lib, by floor. An import goes to a lower floor or stays in its folder. Folders on
 * the same floor do not import each other. `not` names forbidden lower folders. `outside` names
 * allowed external imports.
 */
interface Folder {
  readonly floor: number;
  readonly not?: readonly string[];
  readonly outside: RegExp;
}

const FOLDERS: Record<string, Folder> = {
  index: { floor: 6, outside: /^$/ },
  quorum: { floor: 5, outside: /^rxjs$/ },
  election: { floor: 4, outside: /^(rxjs|node:.+)$/ },
  testing: { floor: 4, not: ['redis', 'stream'], outside: /^(rxjs|node:.+)$/ },
  stream: { floor: 3, not: ['redis'], outside: /^(rxjs|node:.+)$/ },
  core: { floor: 2, not: ['clock', 'util'], outside: /^$/ },
  redis: { floor: 2, not: ['clock'], outside: /^(rxjs|node:.+)$/ },
  port: { floor: 1, not: ['clock', 'util'], outside: /^rxjs$/ },
  clock: { floor: 0, outside: /^node:.+$/ },
  util: { floor: 0, outside: /^node:crypto$/ },
};

/** Files of the port that load nothing: whoever catches an error need not load RxJS. */
const PURE = /^port\/(limits|errors|foreign-error|redact|rules|rules\/\w+)\.ts$/;

const folderOf = (file: string): string | undefined => {
  const name = file === 'index.ts' ? 'index' : file.split('/').slice(0, -1)[0];
  return name !== undefined && name in FOLDERS ? name : undefined;
};

const mayImport = (from: string, to: string): boolean => {
  const [own, other] = [FOLDERS[from], FOLDERS[to]];
  return from === to || (own !== undefined && other !== undefined && other.floor < own.floor && !own.not?.includes(to));
};

/** What `source` imports or re-exports, types included, statically or not. */
function imports(source: string): string[] {
  const statements = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm;
  const calls = /\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g;
  return [...source.matchAll(statements), ...source.matchAll(calls)].map((match) => match[1] ?? match[2] ?? '');
}

/** The imports in `files`, sources by their path in lib, that go where they must not. */
function wrongArrows(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).flatMap(([file, source]) => {
    const folder = folderOf(file);
    if (!folder) return [`${file} is in no folder`];
    return imports(source).flatMap((specifier) => {
      if (!specifier.startsWith('.')) {
        const isAllowed = FOLDERS[folder]?.outside.test(specifier) && !PURE.test(file);
        return isAllowed ? [] : [`${file} (${folder}) → ${specifier}`];
      }
      const target = posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
      const to = folderOf(target);
      return to !== undefined && mayImport(folder, to)
        ? []
        : [`${file} (${folder}) → ${target} (${to ?? 'no folder'})`];
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
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['index.ts', 'core/step.ts', 'redis/scripts.ts']));
    expect(Object.values(files).flatMap(imports).length).toBeGreaterThan(80);
  });

  it('make no circle among the files', async () => {
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
      expect(wrongArrows({ 'core/step.ts': source, 'port/errors.ts': source })).toEqual([
        `core/step.ts (core) → ${specifier}`,
        `port/errors.ts (port) → ${specifier}`,
      ]);
    }
  });
});

describe('the check of imports', () => {
  it.each([
    ['core', 'core/step.ts', "import { Candidacy } from '../stream/candidacy.js';"],
    ['core, by a type', 'core/step.ts', "import type { Clock } from '../clock/clock.js';"],
    ['the port', 'port/lease-store.ts', "import { redisStore } from '../redis/store.js';"],
    ['the rules', 'port/rules.ts', "import { of } from 'rxjs';"],
    ['a part of the rules', 'port/rules/acquire.ts', "import { of } from 'rxjs';"],
    ['Redis, to its neighbour', 'redis/store.ts', "import { learn } from '../core/memory.js';"],
    ['the streams', 'stream/request.ts', "import { redisStore } from '../redis/store.js';"],
    ['the streams, upwards', 'stream/request.ts', "import { environment } from '../election/environment.js';"],
    ['an election, upwards', 'election/live-election.ts', "import { quorum } from '../quorum/quorum.js';"],
    ['an election, to the entry', 'election/live-election.ts', "import { elect } from '../index.js';"],
    ['an election, to a client', 'election/environment.ts', "import { createClient } from 'redis';"],
    ['the testing kit', 'testing/index.ts', "import { elect } from '../election/elect.js';"],
    ['the entry, from outside', 'index.ts', "export { Observable } from 'rxjs';"],
    ['an import for its effect', 'core/step.ts', "import '../clock/clock.js';"],
    ['an import call', 'core/step.ts', "const { x } = await import('../clock/clock.js');"],
    ['a require', 'election/environment.ts', "const redis = require('ioredis');"],
    ['several lines', 'core/step.ts', "import {\n  a,\n  b,\n} from '../clock/clock.js';"],
    ['a re-export', 'core/step.ts', "export * from '../clock/clock.js';"],
    ['a file in no folder', 'utils.ts', ''],
    ['an import from no folder', 'election/live-election.ts', "import { x } from './../utils.js';"],
  ])('fails on a wrong arrow of %s', (_, file, source) => {
    expect(wrongArrows({ [file]: source })).toHaveLength(1);
  });
});
