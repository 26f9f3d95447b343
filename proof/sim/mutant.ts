import type { Patch, Variant } from '../mutant.js';

/** A library that lacks one thing, and what that is. */
export interface Mutant {
  readonly variant: Variant;
  /** What it does instead. */
  readonly does: string;
  /** The worlds in which it is to be found out have so many servers. Default: one. */
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
