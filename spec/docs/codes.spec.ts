import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { page } from '../support/pages.js';

const sources = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(path.join('lib', file), 'utf8'))
  .join('\n');

/** The members of a union of literals in lib. */
function membersOf(type: string): string[] {
  const [, union = ''] = sources.match(new RegExp(`export type ${type} =(.*?);`, 's')) ?? [];
  return [...union.matchAll(/'(\w+)'/g)].map(([, member = '']) => member);
}

/** The codes in the first column of a page's tables. */
const documented = (file: string): string[] =>
  [...page(file).text.matchAll(/^\| `(\w+)` \|/gm)].map(([, code = '']) => code);

describe('a page of the reference', () => {
  it.each([
    ['docs/reference/errors.md', 'ElectionErrorCode'],
    ['docs/reference/warnings.md', 'WarningCode'],
    ['docs/reference/transitions.md', 'FollowerReason'],
  ])('has each code once, and no other: %s', (file, type) => {
    expect(membersOf(type).length).toBeGreaterThan(1);
    expect(documented(file).sort()).toEqual(membersOf(type).sort());
  });
});
