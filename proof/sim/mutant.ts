import type { Patch, Variant } from '../mutant.js';

/** A variant of the library that lacks one thing. */
export interface Mutant {
  readonly variant: Variant;
  /** What it does instead. */
  readonly does: string;
  /** Servers in the worlds that must detect it. Default: one. */
  readonly servers?: number;
}

export const mutant = (
  name: string,
  does: string,
  ...patches: ReadonlyArray<readonly [string, string, string]>
): Mutant => ({
  does,
  variant: { name, patches: patches.map(([file, search, replace]): Patch => ({ file, search, replace })) },
});

export const known = (variant: Variant, does: string): Mutant => ({ variant, does });
