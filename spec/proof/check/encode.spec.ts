import { describe, expect, it } from '@jest/globals';
import { type Bounds, MOVES, REDUCTIONS, TICK } from '../../../proof/check/bounds.js';
import { Encoder } from '../../../proof/check/encode.js';
import { engineOf } from '../../../proof/check/engine.js';
import { Moves } from '../../../proof/check/moves.js';
import type { World } from '../../../proof/check/world.js';
import { OURS } from '../../../proof/mutant.js';

const BOUNDS: Bounds = {
  candidates: 2,
  faults: 1,
  ttlTicks: 8,
  moves: new Set(MOVES),
  notices: true,
  reductions: new Set(REDUCTIONS),
};
const moves = new Moves(engineOf(OURS), BOUNDS);

/** The world after the first move of each of these kinds. */
const worldAfter = (...names: string[]): World =>
  names.reduce((world, name) => {
    const move = moves.from(world).find((one) => one.name === name);
    if (!move) throw new Error(`no move ${name}`);
    return move.apply().world;
  }, moves.initial());

const encode = (world: World, bounds = BOUNDS) => new Encoder(bounds, 8 * TICK).encode(world);

describe('an encoded world', () => {
  it('is the same for two candidates that have changed places', () => {
    const world = worldAfter('execute');
    const [a, b] = world.candidates;
    if (!a || !b) throw new Error('there are two');
    const swapped: World = {
      ...world,
      candidates: [b, a],
      messages: world.messages.map((message) => ({ ...message, of: 1 - message.of })),
    };
    expect(encode(swapped)).toBe(encode(world));
    const without = { ...BOUNDS, reductions: new Set<never>() };
    expect(encode(swapped, without)).not.toBe(encode(world, without));
  });

  it('tells worlds apart that differ in a message, a fault left or a process', () => {
    const world = worldAfter('execute');
    const others: World[] = [
      { ...world, messages: world.messages.slice(1) },
      { ...world, faults: 0 },
      { ...world, run: 2 },
      { ...world, entry: {} },
      { ...world, candidates: world.candidates.map((one) => ({ ...one, process: 'paused' })) },
    ];
    const texts = [world, ...others].map((one) => encode(one));
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('needs to know what each field of a state is', () => {
    const world = moves.initial();
    const [first, ...rest] = world.candidates;
    if (!first) throw new Error('there are two');
    const odd = { ...world, candidates: [{ ...first, state: { ...first.state, priority: 1 } }, ...rest] } as World;
    expect(() => encode(odd)).toThrow('shapes.ts does not say what the field priority of a campaigning is');
  });
});
