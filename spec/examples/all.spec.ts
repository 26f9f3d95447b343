import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const named = (dir: string, ending: string): string[] =>
  readdirSync(dir).flatMap((file) => (file.endsWith(ending) ? [file.slice(0, -ending.length)] : []));

const examples = named('examples', '.ts');

it('every example has a spec of its own that runs it', () => {
  expect(examples.length).toBeGreaterThan(0);
  const specs = new Set(named('spec/examples', '.spec.ts'));
  for (const name of examples) {
    expect({ name, hasSpec: specs.has(name) }).toEqual({ name, hasSpec: true });
    expect(readFileSync(`spec/examples/${name}.spec.ts`, 'utf8')).toContain(`runExample('${name}'`);
  }
});

it('the table of examples has each of them, and no other', () => {
  const linked = [...readFileSync('examples/README.md', 'utf8').matchAll(/^\| \[.+\]\((.+)\.ts\) \|/gm)];
  expect(linked.map(([, name]) => name).sort()).toEqual([...examples].sort());
});

describe.each(examples)('%s.ts', (name) => {
  const source = readFileSync(`examples/${name}.ts`, 'utf8');

  it('is short, and shows how to run it', () => {
    expect(source.split('\n').length).toBeLessThan(60);
    expect(source).toMatch(/^\/\*\*\n/);
    expect(source).toContain(`node --import tsx examples/${name}.ts`);
  });

  it('can be copied by a user of the package', () => {
    const imports = [...source.matchAll(/from '([^']+)'/g)].map(([, from]) => from);
    expect(imports).toEqual(expect.arrayContaining(['redis', 'rx-leader']));
    expect(imports.filter((from) => from?.startsWith('.'))).toEqual([]);
    expect(source).toContain("redis.on('error',");
  });
});
