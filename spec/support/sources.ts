import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** All of lib, for what types leave no trace of at run time: wherever a declaration stands, specs of the documentation find it. */
const library = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(path.join('lib', file), 'utf8'))
  .join('\n');

/** The members of an exported union of literals. */
export function membersOf(type: string): string[] {
  const [, union = ''] = library.match(new RegExp(`export type ${type} =(.*?);`, 's')) ?? [];
  return [...union.matchAll(/'(\w+)'/g)].map(([, member = '']) => member);
}

/** The names of the options of `elect`. */
export function optionNames(): string[] {
  const [, names = ''] = library.match(/OPTIONS: Names<ElectionOptions> = \{(.*?)\}/s) ?? [];
  return [...names.matchAll(/(\w+): true/g)].map(([, name = '']) => name);
}
