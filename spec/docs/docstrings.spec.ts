import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** The entry points of the package. */
const ENTRIES = ['lib/index.ts', 'lib/port/index.ts', 'lib/testing/index.ts'];

interface Declaration {
  readonly name: string;
  readonly kind: string;
  /** The text of the docstring without its comment marks; undefined without a docstring. */
  readonly doc: string | undefined;
}

/** The names that `file` exports from other files, each with that file. */
function reExports(file: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, list = '', from = ''] of readFileSync(file, 'utf8').matchAll(
    /^export (?:type )?\{([^}]*)\} from '([^']+)\.js'/gm,
  )) {
    const target = path.join(path.dirname(file), `${from}.ts`);
    for (const name of list.match(/\w+/g) ?? []) if (name !== 'type') found.set(name, target);
  }
  return found;
}

/** The exported declarations of `file` itself. */
function declarations(file: string): Declaration[] {
  const pattern = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (class|interface|type|function|const) (\w+)/gm;
  return [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, comment, kind = '', name = '']) => ({
    name,
    kind,
    doc: comment?.replace(/^\/\*\*[ \n]|\s*\*\/\n$/g, '').replace(/^ *\* ?/gm, ''),
  }));
}

/** The declaration of an export, wherever it is. */
function declarationOf(name: string, file: string): Declaration {
  const own = declarations(file).find((one) => one.name === name);
  if (own) return own;
  const from = reExports(file).get(name);
  if (!from) throw new Error(`${file} does not export ${name}`);
  return declarationOf(name, from);
}

const publicApi = ENTRIES.flatMap((entry) => [
  ...declarations(entry),
  ...[...reExports(entry)].map(([name, file]) => declarationOf(name, file)),
]);

const namesOf = (found: readonly Declaration[]): string[] => found.map(({ name }) => name);

describe('the docstrings of the public API', () => {
  it('are read for every entry point', () => {
    expect(namesOf(publicApi)).toEqual(
      expect.arrayContaining(['elect', 'ElectionError', 'Term', 'LeaseVerb', 'LeaseStoreUnderTest', 'leaseStoreSuite']),
    );
  });

  it('begin with a sentence for every export', () => {
    const lacking = publicApi.filter(({ doc = '' }) => !/^[A-Z`'{][\s\S]*?[.:](\s|$)/.test(doc));
    expect(namesOf(lacking)).toEqual([]);
  });

  it('give an example for every function and class', () => {
    const called = publicApi.filter(({ kind }) => kind === 'function' || kind === 'class');
    expect(called.length).toBeGreaterThan(7);
    expect(namesOf(called.filter(({ doc = '' }) => !/^@example\n\S/m.test(doc)))).toEqual([]);
  });

  it('give an example for every method of an election', () => {
    const source = readFileSync('lib/election/election.ts', 'utf8');
    const [, body = ''] = source.match(/^export interface Election extends [^{]*\{\n([\s\S]*?)^\}/m) ?? [];
    const methods = [...body.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n) {2}([\w[\].]+)\(/g)];
    expect(methods.length).toBeGreaterThan(4);
    expect(methods.filter(([, doc = '']) => !doc.includes('@example')).map(([, , name]) => name)).toEqual([]);
  });
});
