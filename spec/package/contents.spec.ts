import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { install, type Project } from './project.js';

let project: Project;
let shipped: string;

beforeAll(async () => {
  project = await install('bare');
  shipped = path.join(project.folder, 'node_modules/rx-leader');
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

/** What the build makes of `lib`: each source as a script, its types and its map, twice. */
const built = (): string[] =>
  filesIn('lib').flatMap((file) =>
    ['esm', 'cjs'].flatMap((system) =>
      ['.js', '.js.map', '.d.ts'].map((ending) => path.join('dist', system, file.replace(/\.ts$/, ending))),
    ),
  );

describe('the packed library', () => {
  it('has what is built from lib and the pages that are named, and nothing else', () => {
    const pages = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'dist/cjs/package.json'];
    expect(filesIn(shipped)).toEqual([...built(), ...pages].sort());
    const { files } = JSON.parse(readFileSync(path.join(shipped, 'package.json'), 'utf8'));
    expect(files).toEqual(['dist', 'README.md', 'CHANGELOG.md', 'LICENSE']);
  });

  it('names no place of the machine it was built on', () => {
    for (const file of filesIn(shipped)) {
      const text = readFileSync(path.join(shipped, file), 'utf8');
      expect({ file, names: text.includes(process.cwd()) }).toEqual({ file, names: false });
    }
  });

  it('brings nothing with it, and needs nothing but RxJS: each entry works without a Redis client', async () => {
    // tslib is what RxJS needs.
    expect(project.installed().sort()).toEqual(['rx-leader', 'rxjs', 'tslib']);
    expect(JSON.parse(await project.run('main.mjs'))).toEqual({ roles: ['leader', 'leader'] });
  });
});
