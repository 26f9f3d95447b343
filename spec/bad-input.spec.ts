import { describe, expect, it } from '@jest/globals';
import { type ElectionOptions, elect, type ObserveOptions, observe } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) });

describe('bad input', () => {
  it.each([undefined, null, 'redis://localhost'])('is refused where it is no options at all: %p', (options) => {
    expect(() => observe(options as unknown as ObserveOptions)).toThrow(refusal(/"options": must be an object/));
    expect(() => elect(options as unknown as ElectionOptions)).toThrow(refusal(/"options": must be an object/));
  });

  it.each([{ addEventListener() {} }, new EventTarget()])(
    'is refused where the signal only looks like one: %p',
    (signal) => {
      const options = { store: new MemoryLeaseStore(), key: 'k', signal } as unknown as ElectionOptions;
      expect(() => elect(options)).toThrow(refusal(/"signal": must be an AbortSignal/));
    },
  );
});
