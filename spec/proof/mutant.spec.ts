import { describe, expect, it } from '@jest/globals';
import { patched } from '../../proof/mutant.js';

const SOURCES = new Map([['a.ts', 'one two two $& three']]);
const patch = (file: string, search: string, replace: string) =>
  patched({ name: 'v', patches: [{ file, search, replace }] }, SOURCES);

describe('patched', () => {
  it('replaces a text by another, to the letter', () => {
    expect(patch('a.ts', 'one', '$&').get('a.ts')).toBe('$& two two $& three');
    expect(SOURCES.get('a.ts')).toBe('one two two $& three');
  });

  it.each([
    ['four', 'found 0 times in a.ts'],
    ['two', 'found 2 times in a.ts'],
  ])('throws where %j is not in exactly one place', (search, message) => {
    expect(() => patch('a.ts', search, '')).toThrow(message);
  });

  it('throws where there is no such file', () => {
    expect(() => patch('b.ts', 'one', '')).toThrow('there is no file b.ts');
  });
});
