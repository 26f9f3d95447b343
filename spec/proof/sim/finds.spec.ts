import { describe, expect, it } from '@jest/globals';
import { load } from '../../../proof/library.js';
import { OURS } from '../../../proof/mutant.js';
import { MUTANTS } from '../../../proof/sim/mutants.js';
import { trace } from '../../../proof/sim/simulate.js';
import { EXCUSED, FINDS } from './finds.js';

const ours = load(OURS);
const finds = FINDS.map((find) => {
  const mutant = MUTANTS.find(({ variant }) => variant.name === find.library);
  if (!mutant) throw new Error(`there is no mutant ${find.library}`);
  return { ...find, before: load(mutant.variant) };
});

describe('what the simulator has found', () => {
  it.each(finds)('stays mended: $what', async ({ plan }) => {
    expect((await trace(plan, ours)).breaches).toEqual([]);
  });

  it.each(finds)('is found still in the library as it was: $what', async ({ plan, before, breaks }) => {
    expect((await trace(plan, before)).breaches.map(({ rule }) => rule)).toContain(breaks);
  });
});

describe('what is not promised', () => {
  it.each(EXCUSED)('is excused: %s', async (_, plan) => {
    expect((await trace(plan, ours)).breaches).toEqual([]);
  });
});
