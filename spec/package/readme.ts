import { readFileSync } from 'node:fs';

const CLIENT = "Awaited<ReturnType<ReturnType<typeof import('redis').createClient>['connect']>>";

/** What the README's code leaves to its reader, and how it would be declared. */
const LEFT_TO_THE_READER: Readonly<Record<string, string>> = {
  redis: `declare const redis: ${CLIENT};`,
  redisA: `declare const redisA: ${CLIENT}, redisB: ${CLIENT}, redisC: ${CLIENT};`,
  // As ioredis declares it, which is not installed where this is compiled.
  ioredis: 'declare const ioredis: { eval(script: string, keys: number, ...args: string[]): Promise<unknown> };',
  election: "declare const election: import('rx-leader').Election;",
  pollInbox: "declare function pollInbox(term: import('rx-leader').Term): Promise<void>;",
};

/** What it takes for imported. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'rx-leader': ['ElectionError', 'Holder', 'Term'],
};

/** Where a type is written out, it is the one that is exported. */
const SAME_TYPE = `
type Exported = import('rx-leader').Transition;
export const asExported = (transition: Transition): Exported => transition;
export const asWritten = (transition: Exported): Transition => transition;
`;

/** The TypeScript of README.md as modules, one for each of its sections that has any, by name. */
export function readmeModules(): Array<{ name: string; source: string }> {
  return readFileSync('README.md', 'utf8')
    .split(/^## /m)
    .flatMap((section) => {
      const code = [...section.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block).join('\n');
      const [title = ''] = section.split('\n');
      const name = title.toLowerCase().replaceAll(/<.*?>/g, '').replaceAll(/\W+/g, '-');
      return code === '' ? [] : [{ name, source: moduleOf(withImportsOnce(code)) }];
    });
}

/** Each block has the imports that it needs, to be pasted; a module has each once. */
function withImportsOnce(code: string): string {
  const imports = new Map<string, Set<string>>();
  const rest = code.replaceAll(
    /^import (type )?\{ (.*) \} from '(.*)';\n/gm,
    (_, type = '', names: string, from: string) => {
      const known = imports.get(from) ?? new Set();
      for (const name of names.split(', ')) known.add(`${type}${name}`);
      imports.set(from, known);
      return '';
    },
  );
  const lines = [...imports].map(([from, names]) => `import { ${[...names].join(', ')} } from '${from}';`);
  return [...lines, rest].join('\n');
}

function moduleOf(code: string): string {
  const isMissing = (name: string) => used(name).test(code) && !declared(name).test(code);
  const imports = Object.entries(IMPORTS).map(
    ([from, names]) => `import { ${names.filter(isMissing).join(', ')} } from '${from}';`,
  );
  const declarations = Object.keys(LEFT_TO_THE_READER)
    .filter(isMissing)
    .map((name) => LEFT_TO_THE_READER[name]);
  const check = declared('Transition').test(code) ? SAME_TYPE : '';
  return [...imports, ...declarations, code, check, 'export {};\n'].join('\n');
}

const used = (name: string): RegExp => new RegExp(`\\b${name}\\b`);
const declared = (name: string): RegExp =>
  new RegExp(`\\b(const|function|type) ${name}\\b|import \\{[^}]*\\b${name}\\b`);
