import type { ParseText } from '../scripts/support/options.js';
import { OURS, type Variant } from './mutant.js';
import * as variants from './variants.js';

/** Parses `--library`: the library that the user named, ours or one of `known`. */
export const library =
  (known: readonly Variant[] = Object.values(variants)): ParseText<Variant> =>
  (option, name) => {
    const libraries = [OURS, ...known];
    const found = libraries.find((variant) => variant.name === name);
    if (found) return found;
    throw new Error(
      `--${option} must be one of ${libraries.map((variant) => variant.name).join(', ')}; received "${name}"`,
    );
  };
