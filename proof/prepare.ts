import { createRequire } from 'node:module';
import path from 'node:path';
import { getOrMake } from '../lib/util/lookup.js';
import { build, bundle, type Variant } from './mutant.js';

interface Prepared {
  /** The folder of the programs in proof/processes, each with that library. */
  readonly programs: string;
  /** Its Lua scripts. */
  readonly sources: readonly string[];
}

const prepared = new Map<Variant, Prepared>();

/**
 * Compiles a library. Call it while spec files load: jest allows no imports between concurrent
 * specs.
 */
export const prepare = (variant: Variant): Prepared =>
  getOrMake(prepared, variant, () => {
    const { scripts } = createRequire(path.join(build(variant).cjs, 'index.js'))('./redis/scripts.js');
    const sources = Object.values<{ source: string }>(scripts).map(({ source }) => source);
    return { programs: bundle(variant, 'proof/processes'), sources };
  });
