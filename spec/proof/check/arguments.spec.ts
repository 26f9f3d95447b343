import { describe, expect, it } from '@jest/globals';
import { parseArguments } from '../../../proof/check/arguments.js';

describe('the arguments of the exhaustive check', () => {
  it('have defaults', () => {
    const { bounds, limits, library } = parseArguments([]);
    expect(bounds).toMatchObject({ candidates: 2, faults: 1, ttlTicks: 8, notices: true });
    expect([...bounds.moves]).not.toContain('flush');
    expect([limits.seconds, library.name]).toEqual([3600, 'ours']);
  });

  it('choose moves, and leave out reductions', () => {
    const { bounds } = parseArguments(['--moves', 'delay,flush', '--without', 'ages', '--no-notices']);
    expect([...bounds.moves]).toEqual(['delay', 'flush']);
    expect([...bounds.reductions]).toEqual(['tokens', 'stale', 'symmetry']);
    expect(bounds.notices).toBe(false);
  });

  it.each([
    ['--candidates', '9', /--candidates must be a number from 1 to 4; received "9"/],
    ['--faults', 'x', /--faults must be a number from 0 to 8; received "x"/],
    ['--ttl-ticks', '5', /--ttl-ticks must be a number from 6 to 60; received "5"/],
    ['--moves', 'delay,sneeze', /--moves must be a list of delay, .*; received "sneeze"/],
    ['--without', 'luck', /--without must be a list of ages, .*; received "luck"/],
    ['--library', 'none', /--library must be one of ours, .*; received "none"/],
  ])('refuse %s %s', (name, value, message) => {
    expect(() => parseArguments([name, value])).toThrow(message);
  });
});
