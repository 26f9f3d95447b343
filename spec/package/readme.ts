import { readFileSync } from 'node:fs';

const CLIENT = "Awaited<ReturnType<ReturnType<typeof import('redis').createClient>['connect']>>";

/** What the README's code leaves to its reader, and how it would be declared. */
const LEFT_TO_THE_READER: Readonly<Record<string, string>> = {
  redis: `declare const redis: ${CLIENT};`,
  redisA: `declare const redisA: ${CLIENT}, redisB: ${CLIENT}, redisC: ${CLIENT};`,
  pollInbox: "declare function pollInbox(term: import('rx-leader').Term): Promise<void>;",
  shutdown: "declare const shutdown: import('rxjs').Observable<unknown>;",
  doTheWork: 'declare function doTheWork(): void;',
  enough: 'declare const enough: boolean;',
};

/** What it takes for imported. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'rx-leader': ['ElectionError', 'Holder', 'Term'],
  rxjs: ['EMPTY', 'interval', 'switchMap', 'takeUntil'],
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
      return code === '' ? [] : [{ name, source: moduleOf(code) }];
    });
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
