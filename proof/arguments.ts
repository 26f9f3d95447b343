import { type ParseText, whole } from '../scripts/support/options.js';
import { OURS, type Variant } from './mutant.js';
import * as variants from './variants.js';

export const wholeOption = (name: string, text: string, range: readonly [number, number]): number =>
  whole(range)(name, text);

/** The library that the user named: ours or one of `known`. */
export function libraryOption(name: string, known: readonly Variant[] = Object.values(variants)): Variant {
  const libraries = [OURS, ...known];
  const found = libraries.find((variant) => variant.name === name);
  if (found) return found;
  throw new Error(
    `--library must be one of ${libraries.map((variant) => variant.name).join(', ')}; received "${name}"`,
  );
}

/** {@link libraryOption} as a parser of `--library`. */
export const library =
  (known?: readonly Variant[]): ParseText<Variant> =>
  (_, name) =>
    libraryOption(name, known);
