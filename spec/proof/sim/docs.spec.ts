import { describe, expect, it } from '@jest/globals';
import { MUTANTS } from '../../../proof/sim/mutants.js';
import { page } from '../../support/pages.js';

describe('docs/reliability/simulation.md', () => {
  it('has a row for each mutant, and no other', () => {
    const rows = [...page('docs/reliability/simulation.md').text.matchAll(/^\| .* \| `([\w-]+)` \| \d+ \| .* \|$/gm)];
    const names = MUTANTS.map(({ variant }) => variant.name);
    expect(rows.map(([, name]) => name).sort()).toEqual(names.sort());
  });
});
