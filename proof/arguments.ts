import { OURS, type Variant } from './mutant.js';
import * as variants from './variants.js';

/** The number that the user gave for `--name`; throws an error with a message for the user where it makes no sense. */
export function numberOption(name: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new Error(`--${name} must be a number from ${least} to ${most}; received "${text}"`);
  }
  return value;
}

export function wholeOption(name: string, text: string, range: readonly [number, number]): number {
  const value = numberOption(name, text, range);
  if (!Number.isInteger(value)) throw new Error(`--${name} must be a whole number; received "${text}"`);
  return value;
}

/** The library that the user named, ours among them. */
export function libraryOption(name: string, known: readonly Variant[] = Object.values(variants)): Variant {
  const libraries = [OURS, ...known];
  const found = libraries.find((variant) => variant.name === name);
  if (found) return found;
  throw new Error(
    `--library must be one of ${libraries.map((variant) => variant.name).join(', ')}; received "${name}"`,
  );
}
