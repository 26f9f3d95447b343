import { expect, it } from '@jest/globals';
import { OURS, type Variant } from '../../proof/mutant.js';
import { prepare } from '../../proof/prepare.js';
import type { RedisOptions } from '../support/redis.js';
import { Arena } from './arena.js';

export interface Proof {
  /** A library that lacks what the row is about. */
  readonly variant: Variant;
  /** What must be found wrong with it. */
  readonly fails: RegExp;
}

/**
 * Two specs of one fault: that ours stands it, and that the same scenario with a library that lacks the remedy fails, and fails for
 * the reason given. `name` ends with the guarantees it is about. Rows run side by side: they mostly wait.
 */
export function row(
  name: string,
  { variant, fails }: Proof,
  scenario: (arena: Arena) => Promise<void>,
  options: RedisOptions = {},
): void {
  prepare(OURS);
  prepare(variant);
  const run = async (variant?: Variant) => {
    await using arena = await Arena.open(name, variant, options);
    try {
      await scenario(arena);
    } catch (error) {
      throw new Error([String(error), ...arena.wrongs()].join('\n'), { cause: error });
    }
    const wrongs = arena.wrongs();
    if (wrongs.length > 0) throw new Error(wrongs.join('\n'));
  };
  it.concurrent(name, () => run());
  refute(name, { variant, fails }, run);
}

/** That what `run` looks at goes wrong with a library that lacks the remedy, for the reason given. */
function refute(name: string, { variant, fails }: Proof, run: (variant: Variant) => Promise<void>): void {
  it.concurrent(`${name}: refuted for a library with ${variant.name.replaceAll('-', ' ')}`, async () => {
    await expect(run(variant)).rejects.toThrow(fails);
  });
}

/** What is not promised, and by how much: one spec, which measures it; and where there is a `proof`, one more, as a row has it. */
export function exception(
  name: string,
  scenario: (arena: Arena) => Promise<void>,
  { proof, ...options }: RedisOptions & { readonly proof?: Proof } = {},
): void {
  const run = async (variant?: Variant) => {
    await using arena = await Arena.open(name, variant, options);
    await scenario(arena);
    expect(arena.wrongs().filter((text) => !/^two leaders|^older token/.test(text))).toEqual([]);
  };
  it.concurrent(`exception: ${name}`, () => run());
  if (!proof) return;
  prepare(OURS);
  prepare(proof.variant);
  refute(`exception: ${name}`, proof, run);
}
