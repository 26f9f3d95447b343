import { createRequire } from 'node:module';
import path from 'node:path';
import { type Build, build, type Variant } from './mutant.js';

interface Prepared {
  readonly library: Build;
  /** Its Lua scripts. */
  readonly sources: readonly string[];
}

const prepared = new Map<Variant, Prepared>();

/** Compiles a library. To be called while spec files are read: jest lets nothing be loaded between specs, where concurrent ones run. */
export function prepare(variant: Variant): Prepared {
  const known = prepared.get(variant);
  if (known) return known;
  const library = build(variant, 'proof/processes');
  const { scripts } = createRequire(path.join(library.cjs, 'index.js'))('./store/redis/scripts.js');
  const sources = Object.values<{ source: string }>(scripts).map(({ source }) => source);
  prepared.set(variant, { library, sources });
  return { library, sources };
}
