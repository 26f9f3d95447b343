import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allPages, anchorsIn, linksIn, type Page, page, pagesIn } from '../support/pages.js';

/** What is wrong with the links of a page: nothing, or the links that lead nowhere. */
function deadLinks({ file, text }: Page): string[] {
  return linksIn(text)
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [target = '', anchor] = link.split('#');
      const to = target === '' ? file : path.join(path.dirname(file), target);
      if (!existsSync(to)) return true;
      return anchor !== undefined && !anchorsIn(page(to).text).includes(anchor);
    });
}

describe('a link', () => {
  it.each(allPages().map((each) => [each.file, each] as const))('leads somewhere: %s', (_, each) => {
    expect(deadLinks(each)).toEqual([]);
  });

  it('is noticed if its page or its heading does not exist', () => {
    const text = '[a](README.md) [b](none.md) [c](README.md#install) [d](README.md#none) [e](#here)\n\n## Here\n';
    expect(deadLinks({ file: 'page.md', text: text.replace('#here', '#there') })).toEqual([
      'none.md',
      'README.md#none',
      '#there',
    ]);
  });
});

describe('docs/', () => {
  it('links to nothing outside, since it is a site of its own as well', () => {
    const outside = pagesIn('docs').flatMap(({ file, text }) =>
      linksIn(text).filter(
        (link) =>
          !/^https?:|^#/.test(link) && path.relative('docs', path.join(path.dirname(file), link)).startsWith('..'),
      ),
    );
    expect(outside).toEqual([]);
  });

  it('has an index that names every page, once', () => {
    const named = linksIn(page('docs/index.md').text).filter((link) => !link.includes('#'));
    const pages = pagesIn('docs').map(({ file }) => path.relative('docs', file));
    const unnamed = pages.filter((each) => each !== 'index.md' && !named.includes(each));
    expect(unnamed).toEqual([]);
  });
});
