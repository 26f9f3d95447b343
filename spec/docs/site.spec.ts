import { describe, expect, it } from '@jest/globals';
import { homePage } from '../../docs/.vitepress/home.js';
import { readingOrder } from '../../docs/.vitepress/reading-order.js';
import { codeIn, linksIn, page, pagesIn } from '../support/pages.js';

const readme = page('README.md').text;
const index = page('docs/index.md').text;

describe('the sidebar of the site', () => {
  it('has the sections of docs/index.md, and every page once', () => {
    const sections = readingOrder(index);
    const pages = pagesIn('docs').map(({ file }) => file.replace(/^docs(.*)\.md$/, '$1'));
    expect(sections.map(({ text }) => text)).toContain('Guide');
    expect([...sections.flatMap(({ items }) => items.map(({ link }) => link)), '/index'].sort()).toEqual(pages.sort());
  });

  it('keeps the order, and has titles without markup', () => {
    expect(
      readingOrder('# Index\n\n## A\n\n1. [One `x`](a/one.md): 1\n2. [Two](a/two.md)\n\n## B\n\n- [C](c.md)\n'),
    ).toEqual([
      {
        text: 'A',
        items: [
          { text: 'One x', link: '/a/one' },
          { text: 'Two', link: '/a/two' },
        ],
      },
      { text: 'B', items: [{ text: 'C', link: '/c' }] },
    ]);
  });
});

describe('the home page of the site', () => {
  const [, matter = '', ...rest] = homePage(readme, index).split('---\n');
  const body = rest.join('---\n');
  const { hero, features } = JSON.parse(matter);

  it('has the promise and the points of the README', () => {
    expect(hero.name).toBe('rx-leader');
    expect(hero.text).toMatch(/^Leader election over Redis/);
    expect(hero.tagline).toMatch(/only one of them may .* on waking\.$/);
    expect(features.length).toBe(3);
    for (const { title, details } of features) expect(title && details).toBeTruthy();
  });

  it('has the installation, the quick start and the picture of the README', () => {
    const [quickStart] = codeIn(readme, 'ts');
    expect(codeIn(body, 'ts')).toEqual([quickStart]);
    expect(codeIn(body, 'sh')).toEqual([expect.stringContaining('npm install rx-leader')]);
    expect(linksIn(body)).toContain('demo.svg');
  });

  it('has every link of the index, and no link that is right only in the README', () => {
    expect(linksIn(body)).toEqual(expect.arrayContaining(linksIn(index)));
    expect(linksIn(body).filter((link) => link.startsWith('docs/'))).toEqual([]);
  });
});
