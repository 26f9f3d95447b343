import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { linksIn, page, pagesIn } from '../support/pages.js';
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

/** What the build makes of `lib`: each source as a script and its types, each with a map, twice. */
const built = (): string[] =>
  filesIn('lib')
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      ['esm', 'cjs'].flatMap((system) =>
        ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) =>
          path.join('dist', system, file.replace(/\.ts$/, ending)),
        ),
      ),
    );

describe('the packed library', () => {
  it('has lib and what is built from it, the documentation and the examples, and nothing else', () => {
    const pages = ['ARCHITECTURE', 'CHANGELOG', 'CONTRIBUTING', 'README', 'SECURITY'].map((name) => `${name}.md`);
    const docs = pagesIn('docs').map(({ file }) => file);
    const pictures = filesIn('docs').filter((file) => /^[\w-]+\.svg$/.test(file));
    const examples = filesIn('examples');
    const files = [
      ...[
        ...built(),
        ...filesIn('lib').map((file) => `lib/${file}`),
        'dist/cjs/package.json',
        'package.json',
        'LICENSE',
        ...pages,
        ...docs,
      ],
      ...[...pictures.map((file) => `docs/${file}`), ...examples.map((file) => `examples/${file}`)],
    ];
    expect(filesIn(shipped)).toEqual(files.sort());
  });

  it.each(['README.md', 'CHANGELOG.md', ...pagesIn('docs').map(({ file }) => file)])(
    'has what its pages link to: %s',
    (file) => {
      const targets = linksIn(page(path.join(shipped, file)).text)
        .filter((link) => !/^(https?:|#)/.test(link))
        .map((link) => path.join(shipped, path.dirname(file), link.replace(/#.*/, '')));
      expect(targets.filter((target) => !existsSync(target))).toEqual([]);
    },
  );

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
