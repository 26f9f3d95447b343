import { describe, expect, it } from '@jest/globals';
import { page } from '../support/pages.js';
import { optionNames } from '../support/sources.js';

const readme = page('README.md').text;

/** The names in the first column of the tables of a page, or in its headings. */
const cells = (text: string): string[] =>
  [...text.matchAll(/^(?:\|(.*?)\||#+ (.*))/gm)].flatMap(([, cell = '', heading = '']) =>
    [...`${cell}${heading}`.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );

describe('README.md', () => {
  it('is read in two minutes: at most 200 lines and 1,500 words', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
    expect(readme.split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(1_500);
  });

  it('names the two commands for a fresh clone', () => {
    expect(readme).toContain('npm install && npm run demo');
    expect(readme).toContain('npm install && npm test');
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('states guarantee G%d', (number) => {
    expect(readme).toMatch(new RegExp(`^- \\*\\*G${number} `, 'm'));
    expect(page('docs/reliability/guarantees.md').text).toMatch(new RegExp(`^\\*\\*G${number} `, 'm'));
  });

  it.each(['README.md', 'docs/reference/options.md'])('has every option of elect: %s', (file) => {
    const section =
      file === 'README.md' ? (readme.split(/^## /m).find((part) => part.startsWith('Options')) ?? '') : page(file).text;
    const options = optionNames();
    expect(options).toContain('key');
    expect(options.filter((option) => !cells(section).includes(option))).toEqual([]);
  });
});
