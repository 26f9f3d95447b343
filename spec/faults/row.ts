import { expect, it } from '@jest/globals';
import { OURS, type Variant } from '../../proof/mutant.js';
import { prepare } from '../../proof/prepare.js';
import type { RedisOptions } from '../support/redis.js';
import { Arena } from './arena.js';

export interface Proof {
  /** A library without the remedy that the row is about. */
  readonly variant: Variant;
  /** The fault that must be found in it. */
  readonly fails: RegExp;
}

/**
 * Declares two specs of one fault: this library survives it, and a library without the remedy fails
 * for the given reason.
 *
 * `name` ends with its guarantees. Rows run side by side, because they mostly wait.
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

/** Expects that `run` fails with a library without the remedy, for the given reason. */
function refute(name: string, { variant, fails }: Proof, run: (variant: Variant) => Promise<void>): void {
  it.concurrent(`${name}: refuted for a library with ${variant.name.replaceAll('-', ' ')}`, async () => {
    await expect(run(variant)).rejects.toThrow(fails);
  });
}

/**
 * Declares a spec that measures what is not promised. With a `proof`, declares another one, as a
 * row does.
 */
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
