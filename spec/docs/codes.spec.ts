import { describe, expect, it } from '@jest/globals';
import { page } from '../support/pages.js';
import { membersOf } from '../support/sources.js';

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
