import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The source text of all of lib. Types do not exist at run time, so specs of the documentation find
 * them here.
 */
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
