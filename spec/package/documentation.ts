import path from 'node:path';
import { codeIn, documentation, page, pagesIn } from '../support/pages.js';

const CLIENT = "Awaited<ReturnType<ReturnType<typeof import('redis').createClient>['connect']>>";

/** What the code of the pages leaves to its reader, and how the reader would declare it. */
const LEFT_TO_THE_READER: Readonly<Record<string, string>> = {
  redis: `declare const redis: ${CLIENT};`,
  redisA: `declare const redisA: ${CLIENT}, redisB: ${CLIENT}, redisC: ${CLIENT};`,
  // As ioredis declares it, which is not installed where this is compiled.
  ioredis: 'declare const ioredis: { eval(script: string, keys: number, ...args: string[]): Promise<unknown> };',
  election: "declare const election: import('rx-leader').Election;",
  pollInbox: "declare function pollInbox(term: import('rx-leader').Term): Promise<void>;",
  sendInvoices: 'declare function sendInvoices(signal?: AbortSignal): Promise<void>;',
};

/** The imports that the code of the pages omits. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'rx-leader': ['ElectionError', 'Holder', 'Term', 'elect'],
};

/** A page may write the type out: then it is the type that is exported. */
const SAME_TYPE = `
type Exported = import('rx-leader').Transition;
export const asExported = (transition: Transition): Exported => transition;
export const asWritten = (transition: Exported): Transition => transition;
`;

export interface Module {
  readonly name: string;
  readonly source: string;
  /** Whether it needs nothing from its reader, so that it can run as it is. */
  readonly isComplete: boolean;
}

/**
 * The TypeScript of README.md and docs, as one module for each section with code.
 *
 * Recipes are separate programs.
 */
export function documentedModules(): Module[] {
  return documentation()
    .filter(({ file }) => !file.startsWith('docs/recipes/'))
    .flatMap(({ file, text }) =>
      text.split(/^## /m).flatMap((section) => {
        const code = codeIn(section, 'ts').join('\n');
        const [title = ''] = section.split('\n');
        const name = `${file.replace(/\.md$/, '')} ${title}`.toLowerCase().replaceAll(/\W+/g, '-').replace(/-$/, '');
        if (code === '') return [];
        const source = moduleOf(withImportsOnce(code));
        return [{ name, source, isComplete: !/^declare |createClient/m.test(source) }];
      }),
    );
}

/** The work that the quick start leaves to its reader. */
const SEND_INVOICES = `
import { setTimeout as sleep } from 'node:timers/promises';
async function sendInvoices(signal: AbortSignal): Promise<void> {
  console.log('working');
  await sleep(1_000, undefined, { signal });
}
`;

/** The program of the README's quick start and of each recipe. */
export function programs(): Module[] {
  const [start = ''] = codeIn(page('README.md').text, 'ts');
  const quickStart = start.replace('createClient()', "createClient({ url: process.env.REDIS_URL ?? '' })");
  const recipes = pagesIn('docs/recipes').map(({ file, text }) => {
    const [source, ...others] = codeIn(text, 'ts');
    if (source === undefined || others.length > 0) throw new Error(`${file} must have one program`);
    return { name: path.basename(file, '.md'), source, isComplete: true };
  });
  return [{ name: 'quick-start', source: SEND_INVOICES + quickStart, isComplete: true }, ...recipes];
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
  new RegExp(`\\b(const|function|type) ${name}\\b|import (type )?\\{[^}]*\\b${name}\\b`);
