import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { parseArguments } from '../../../proof/chaos/arguments.js';
import { OURS } from '../../../proof/mutant.js';
import { deadlineIgnored } from '../../../proof/variants.js';

const parse = (...args: string[]) => parseArguments(args, () => 42);

describe('the arguments of a chaos run', () => {
  it('are none at least', () => {
    expect(parse()).toEqual({ help: false, minutes: 5, candidates: 8, seed: 42, library: OURS });
  });

  it('are how long, how many, which faults, which library and where to draw', () => {
    const args = ['--minutes', '0.5', '--candidates', '5', '--seed', '0', '--library', 'deadline-ignored'];
    const svg = `${tmpdir()}/chaos.svg`;
    const expected = { help: false, minutes: 0.5, candidates: 5, seed: 0, library: deadlineIgnored, svg };
    expect(parse(...args, '--svg', svg)).toEqual(expected);
  });

  it.each([
    [['--minutes', '0'], '--minutes must be a number from 0.2 to 60; received "0"'],
    [['--minutes', 'long'], '--minutes must be a number from 0.2 to 60; received "long"'],
    [['--minutes', ''], '--minutes must be a number from 0.2 to 60; received ""'],
    [['--candidates', '1'], '--candidates must be a number from 2 to 32; received "1"'],
    [['--candidates', '2.5'], '--candidates must be a whole number; received "2.5"'],
    [['--seed', '-1'], "'--seed"],
    [['--seed=-1'], '--seed must be a number from 0 to 4294967295; received "-1"'],
    [['--library', 'none'], /--library must be one of ours, .*deadline-ignored.*; received "none"/],
    [['--svg', tmpdir()], 'is a directory'],
    [['--fast'], "Unknown option '--fast'"],
    [['5'], "Unexpected argument '5'"],
  ])('are refused where they make no sense: %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
