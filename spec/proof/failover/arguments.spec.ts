import { describe, expect, it } from '@jest/globals';
import { parseArguments } from '../../../proof/failover/arguments.js';

describe('the arguments of a failover series', () => {
  it('are none at least', () => {
    expect(parseArguments([])).toEqual({ help: false, times: 3, atOnce: 4, only: '', write: false });
  });

  it('are how often, how many at one time, which rows, and whether to write', () => {
    const expected = { help: false, times: 5, atOnce: 3, only: 'ioredis', write: false };
    expect(parseArguments(['--times', '5', '--at-once', '3', '--only', 'ioredis'])).toEqual(expected);
    expect(parseArguments(['--write'])).toMatchObject({ write: true });
  });

  it.each([
    [['--times', '0'], '--times must be a number from 1 to 100; received "0"'],
    [['--times', '2.5'], '--times must be a whole number; received "2.5"'],
    [['--at-once', 'all'], '--at-once must be a number from 1 to 8; received "all"'],
    [['--only', 'cluster', '--write'], '--write takes a run of all rows'],
    [['--fast'], "Unknown option '--fast'"],
    [['cluster'], "Unexpected argument 'cluster'"],
  ])('are refused where they make no sense: %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });
});
