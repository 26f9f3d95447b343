import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';

type Sources = Readonly<Record<string, string>>;

const ROOT = `${__dirname}/../../proof`;

const read = (): Sources =>
  Object.fromEntries(
    readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [file, readFileSync(`${ROOT}/${file}`, 'utf8')]),
  );

/** The files that `file` imports or re-exports, types included. */
function targetsOf(file: string, sources: Sources): string[] {
  const statements = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"](\.[^'"]+)['"]/gm;
  return [...(sources[file] ?? '').matchAll(statements)]
    .map(([, specifier = '']) => posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts'))
    .filter((target) => target in sources);
}

/** The files that import themselves, directly or through others. */
function circular(sources: Sources): string[] {
  const reach = (file: string, seen: Set<string>): Set<string> => {
    for (const target of targetsOf(file, sources)) if (!seen.has(target)) reach(target, seen.add(target));
    return seen;
  };
  return Object.keys(sources).filter((file) => reach(file, new Set()).has(file));
}

describe('the imports of proof', () => {
  it('form no cycle, types included', () => {
    const sources = read();
    expect(Object.keys(sources)).toEqual(expect.arrayContaining(['sim/world.ts', 'check/main.ts', 'chaos/plan.ts']));
    expect(circular(sources)).toEqual([]);
  });

  it('are found in a cycle of types', () => {
    const sources = {
      'sim/a.ts': "import type { B } from './b/b.js';",
      'sim/b/b.ts': "export { type A } from '../a.js';",
      'sim/c.ts': "import { A } from './a.js';",
    };
    expect(circular(sources)).toEqual(['sim/a.ts', 'sim/b/b.ts']);
  });
});
