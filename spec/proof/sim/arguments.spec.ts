import { describe, expect, it } from '@jest/globals';
import { OURS } from '../../../proof/mutant.js';
import { parseArguments } from '../../../proof/sim/arguments.js';

const parse = (...args: string[]) => parseArguments(args, 4);

describe('the arguments of the simulator', () => {
  it('are none at least', () => {
    expect(parse()).toEqual({ help: false, library: OURS, workers: 4, servers: 1, from: 1, seeds: 2_000 });
  });

  it('are which worlds, or one of them, by how many workers, and with which library', () => {
    expect(parse('--seeds', '10', '--from', '5', '--workers', '1')).toMatchObject({ seeds: 10, from: 5, workers: 1 });
    const one = parse('--seed', '42', '--library', 'bare-DEL');
    expect(one).toMatchObject({ seed: 42, library: { name: 'bare-DEL' } });
    expect(one).not.toHaveProperty('seeds');
    expect(parse('--quorum', '--seeds', '10')).toMatchObject({ servers: 3, seeds: 10 });
    expect(parse('--servers', '5')).toMatchObject({ servers: 5, seeds: 2_000 });
    expect(parse('--calm', '1000')).toMatchObject({ calm: 1_000, library: OURS });
  });

  it.each([
    [['--seeds', '0'], '--seeds must be a number from 1 to 10000000; received "0"'],
    [['--seeds', '1.5'], '--seeds must be a whole number; received "1.5"'],
    [['--servers', '2'], '--servers must be a number from 3 to 9; received "2"'],
    [['--seed', 'x'], '--seed must be a number from 0 to 4294967295; received "x"'],
    [['--calm', '0'], '--calm must be a number from 1 to 100000; received "0"'],
    [['--workers', '0'], '--workers must be a number from 1 to 64; received "0"'],
    [['--library', 'none'], /--library must be one of ours, .*bare-DEL.*; received "none"/],
    [['--fast'], "Unknown option '--fast'"],
  ])('are refused where they make no sense: %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
