import { describe, expect, it } from '@jest/globals';
import { MEASUREMENTS, parseArguments, USAGE } from '../../bench/arguments.js';
import { FIELD } from '../../bench/field.js';

const everybody = FIELD.map(({ id }) => id);
const usual = { help: false, extent: 'usual', measurements: MEASUREMENTS, entrants: everybody, svg: 'bench/results' };

describe('the arguments of the benchmark', () => {
  it('are none at least', () => {
    expect(parseArguments([])).toEqual(usual);
  });

  it('are how much is measured, and where to draw it', () => {
    expect(parseArguments(['--quick', '--svg', 'there'])).toEqual({ ...usual, extent: 'quick', svg: 'there' });
    expect(parseArguments(['--full'])).toEqual({ ...usual, extent: 'full' });
    expect(parseArguments(['--help'])).toEqual({ ...usual, help: true });
  });

  it('narrow down what is measured, and of whom, each by itself and in the order of the report', () => {
    expect(parseArguments(['--only', 'scale', '--only', 'crash'])).toEqual({
      ...usual,
      measurements: ['crash', 'scale'],
    });
    expect(parseArguments(['--only', 'redlock-5', '--only', 'rx-leader'])).toEqual({
      ...usual,
      entrants: ['rx-leader', 'redlock-5'],
    });
    expect(parseArguments(['--only', 'package', '--only', 'rx-leader'])).toEqual({
      ...usual,
      measurements: ['package'],
      entrants: ['rx-leader'],
    });
  });

  it.each([
    [['--only', 'speed'], /--only must be one of hand-over, .*redis-leader; received "speed"/],
    [['--quick', '--full'], '--quick and --full exclude each other'],
    [['--svg', ''], '--svg must name a folder'],
    [['--fast'], "Unknown option '--fast'"],
    [['5'], "Unexpected argument '5'"],
  ])('are refused where they make no sense: %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });

  it('are all named in the usage', () => {
    for (const name of [...MEASUREMENTS, ...everybody, '--quick', '--full', '--only', '--svg', '--help']) {
      expect(USAGE).toContain(name);
    }
  });
});
