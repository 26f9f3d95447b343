import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { allPages } from '../support/pages.js';

const FOLDERS = ['.ci', 'bench', 'demo', 'docs', 'examples', 'lib', 'proof', 'scripts', 'spec'];
/** What a program writes or a build makes, and what a page tells its reader to write. */
const MADE = /node_modules|^bench\/results|^docs\/(api|\.vitepress\/(cache|dist|screenshots))\b/;

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
).filter((file) => !MADE.test(file));

/** Whether `named` is a file, a folder, the beginning of a path, or the last part of one. */
const exists = (named: string): boolean =>
  [...FOLDERS, ...files].some((file) => file.startsWith(named.replace(/\/$/, '')) || file.endsWith(`/${named}`));

/** The paths of the repository that a text names in code. */
const pathsIn = (text: string): string[] =>
  [...text.replace(/^```.*?^```/gms, '').matchAll(/`([\w./-]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => /^(lib|spec|proof|scripts|bench|demo|examples|docs)\/|[\w-]\.(ts|mjs|lua)$/.test(code))
    .filter((code) => !MADE.test(code));

describe('a path that a page names', () => {
  it.each(allPages().map(({ file, text }) => [file, text] as const))('exists: %s', (_, text) => {
    expect(pathsIn(text).filter((named) => !exists(named))).toEqual([]);
  });

  it('is noticed if it does not exist', () => {
    expect(pathsIn('See `lib/core/step.ts`, `none.ts` and `lib/none/`.').filter((named) => !exists(named))).toEqual([
      'none.ts',
      'lib/none/',
    ]);
  });
});

describe('a command that a page names', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

  it.each(allPages().map(({ file, text }) => [file, text] as const))('exists: %s', (_, text) => {
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});
