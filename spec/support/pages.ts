import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A page of documentation. */
export interface Page {
  /** Its path from the root of the repository. */
  readonly file: string;
  readonly text: string;
}

/** The page at this path. */
export const page = (file: string): Page => ({ file, text: readFileSync(file, 'utf8') });

/** The pages in `folder` and below, without installed packages. */
export function pagesIn(folder: string): Page[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/(^|\/)(node_modules|\.vitepress|api)\//.test(file))
    .map((file) => page(path.join(folder, file)))
    .sort((one, other) => (one.file < other.file ? -1 : 1));
}

/** README.md and all pages in docs. */
export const documentation = (): Page[] => [page('README.md'), ...pagesIn('docs')];

/** The pages of the repository that people read, by name. */
export const allPages = (): Page[] => [
  ...['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'README.md', 'SECURITY.md'].map(page),
  ...['bench', 'docs', 'examples'].flatMap(pagesIn),
];

/** The code blocks of a language, in order. */
export const codeIn = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code);

/** The text without its code blocks, which may look like headings and links. */
const prose = (text: string): string => text.replace(/^```.*?^```/gms, '');

/** The targets of all links and pictures. */
export const linksIn = (text: string): string[] =>
  [
    ...prose(text)
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target = '']) => target);

/** The anchors of all headings on which GitHub and VitePress agree. */
export function anchorsIn(text: string): string[] {
  const headings = [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => plain(heading));
  return headings.filter((heading) => slug(heading) === vitepressSlug(heading)).map(slug);
}

const plain = (heading: string): string => heading.replaceAll(/\[(.*?)\]\(.*?\)/g, '$1').replaceAll(/[`*]/g, '');

const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');

/** The slug that `@mdit-vue/shared` creates. */
const vitepressSlug = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[\s~`!@#$%^&*()\-_+=[\]{}|\\;:"'“”‘’<>,.?/]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
