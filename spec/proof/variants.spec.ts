import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { patched } from '../../proof/mutant.js';
import { MUTANTS } from '../../proof/sim/mutants.js';
import * as variants from '../../proof/variants.js';

const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const SOURCES = new Map(
  files.map((file) => [file.split(path.sep).join('/'), readFileSync(path.join('lib', file), 'utf8')]),
);

const all = [...Object.values(variants), ...MUTANTS.map(({ variant }) => variant)];

describe('a library that lacks something', () => {
  it.each(all.map((variant) => [variant.name, variant] as const))(
    'differs from ours where it says: %s',
    (_, variant) => {
      expect(variant.patches.length).toBeGreaterThan(0);
      expect(patched(variant, SOURCES)).not.toEqual(SOURCES);
    },
  );

  it('has a name of its own', () => {
    const names = new Map(all.map((variant) => [variant.name, JSON.stringify(variant.patches)]));
    for (const { name, patches } of all) expect([name, JSON.stringify(patches)]).toEqual([name, names.get(name)]);
    expect(MUTANTS.length).toBeGreaterThanOrEqual(20);
  });
});
