import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DefaultTheme, defineConfig } from 'vitepress';
import llms from 'vitepress-plugin-llms';
import { homePage, introOf } from './home.js';
import { readingOrder } from './reading-order.js';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

const index = fileURLToPath(new URL('../index.md', import.meta.url));
const { name: title, version } = JSON.parse(read('../../package.json'));
const { summary: description, promise } = introOf(read('../../README.md'));
/** `npm run docs` makes it from the docstrings, before this file is read. */
const api: DefaultTheme.SidebarItem[] = JSON.parse(read('../api/typedoc-sidebar.json'));
const sections = readingOrder(read('../index.md'));

/** Sections for new readers are open. The others open by a click or on one of their pages. */
const sidebar = sections.map((section, position) => ({
  ...section,
  items: [...section.items],
  collapsed: position > 0,
}));

const firstPageOf = (name: string): string => sections.find(({ text }) => text === name)?.items[0]?.link ?? '/';

export default defineConfig({
  title,
  description,
  lang: 'en',
  srcExclude: ['README.md'],
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  themeConfig: {
    nav: [
      ...['Guide', 'Recipes', 'Reference', 'Reliability'].map((text) => ({
        text,
        link: firstPageOf(text),
        activeMatch: `^/${text.toLowerCase()}/`,
      })),
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
    ],
    sidebar: {
      '/api/': api,
      '/': [...sidebar, { text: 'API', link: '/api/' }],
    },
    search: { provider: 'local' },
    outline: [2, 3],
    externalLinkIcon: true,
    footer: { message: `rx-leader ${version}. MIT license.` },
  },
  vite: {
    plugins: [
      {
        name: 'home-page',
        enforce: 'pre',
        transform: (code, id) => (id === index ? homePage(read('../../README.md'), code) : undefined),
      },
      llms({
        title,
        description,
        details: promise,
        sidebar: [...sidebar, { text: 'API', items: api }],
        ignoreFiles: ['api/**/not-exported/**'],
        injectLLMHint: false,
      }),
    ],
  },
});
