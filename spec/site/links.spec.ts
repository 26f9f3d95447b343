import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readingOrder } from '../../docs/.vitepress/reading-order.js';
import { page, pagesIn } from '../support/pages.js';
import { SITE } from './server.js';

const read = (file: string): string => readFileSync(path.join(SITE, file), 'utf8');

const files = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));

const anchors = new Map<string, Set<string>>();

function anchorsOf(file: string): Set<string> {
  const known = anchors.get(file) ?? new Set([...read(file).matchAll(/\bid="([^"]*)"/g)].map(([, id = '']) => id));
  anchors.set(file, known);
  return known;
}

/** The links of a page of the site that lead nowhere. */
function deadLinks(file: string, html: string): string[] {
  return [...html.matchAll(/<a [^>]*?href="([^"]*)"/g)]
    .map(([, href = '']) => href)
    .filter((href) => !/^https?:/.test(href))
    .filter((href) => {
      const [to = '', anchor] = decodeURI(href).split('#');
      const target = to === '' ? file : path.posix.join(to.startsWith('/') ? '' : path.posix.dirname(file), to);
      const found = [target, `${target}index.html`, `${target}.html`]
        .map((each) => each.replace(/^\//, ''))
        .find((each) => each.endsWith('.html') && existsSync(path.join(SITE, each)));
      return found === undefined || (anchor !== undefined && anchor !== '' && !anchorsOf(found).has(anchor));
    });
}

describe('the built site', () => {
  it('has no dead link, and no link to a heading that does not exist', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(files.flatMap((file) => deadLinks(file, read(file)).map((link) => `${file}: ${link}`))).toEqual([]);
    expect(deadLinks('index.html', '<a href="/none.html"></a><a href="/guide/errors.html#none"></a>')).toHaveLength(2);
  });

  it('has every page of docs', () => {
    const missing = pagesIn('docs').filter(
      ({ file }) => !files.includes(path.relative('docs', file).replace('.md', '.html')),
    );
    expect(missing.map(({ file }) => file)).toEqual([]);
  });

  it('has llms.txt, which lists the pages in reading order', () => {
    const listed = [...read('llms.txt').matchAll(/\]\((\/.*?)\.md\)/g)].map(([, link = '']) => link);
    const pages = readingOrder(page('docs/index.md').text).flatMap(({ items }) => items.map(({ link }) => link));
    expect(listed.slice(0, pages.length)).toEqual(pages);
    expect(read('llms-full.txt')).toContain('terminationGracePeriodSeconds');
  });

  it('loads nothing from another machine', () => {
    const foreign = files.filter((file) => /<(script|link|img)[^>]*(src|href)="https?:/.test(read(file)));
    expect(foreign).toEqual([]);
  });
});
