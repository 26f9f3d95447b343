import { describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { type ElectionOptions, elect, type ObserveOptions, observe, whileLeader } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) });

describe('bad input', () => {
  it.each([undefined, null, 'redis://localhost'])('is refused where it is no options at all: %p', (options) => {
    expect(() => observe(options as unknown as ObserveOptions)).toThrow(refusal(/"options": must be an object/));
    expect(() => elect(options as unknown as ElectionOptions)).toThrow(refusal(/"options": must be an object/));
  });

  it.each([
    ['TTL', 5_000, '; "ttl" is meant, maybe; received 5000'],
    ['renewInterval', 1_000, '; received 1000'],
  ])('is refused where there is no such option: %s', (name, value, end) => {
    const options = { store: new MemoryLeaseStore(), key: 'k', [name]: value };
    expect(() => elect(options)).toThrow(
      refusal(new RegExp(`^Invalid option "${name}": there is no such option${end}$`)),
    );
    expect(() => elect({ ...options, [name]: undefined })).not.toThrow();
  });

  it('is refused where a client and a store are taken for each other, or for the options', () => {
    const store = new MemoryLeaseStore();
    const redis = createClient();
    const wrong = (options: unknown) => () => elect(options as ElectionOptions);
    expect(wrong(redis)).toThrow(refusal(/"options": must be an object that has the client, as \{ redis, key \}/));
    expect(wrong({ store: redis, key: 'k' })).toThrow(
      refusal(/"store": must be a LeaseStore; a client is given as redis/),
    );
    expect(wrong({ redis: store, key: 'k' })).toThrow(refusal(/"redis": .*; a LeaseStore is given as store/));
    expect(wrong({ redis: Promise.resolve(redis), key: 'k' })).toThrow(refusal(/"redis": .*; received a promise/));
  });

  it.each([undefined, 5])('is refused where the work is no function: %p', (project) => {
    expect(() => whileLeader(project as never)).toThrow(refusal(/"project": must be a function of the term/));
  });

  it.each([{ addEventListener() {} }, new EventTarget()])(
    'is refused where the signal only looks like one: %p',
    (signal) => {
      const options = { store: new MemoryLeaseStore(), key: 'k', signal } as unknown as ElectionOptions;
      expect(() => elect(options)).toThrow(refusal(/"signal": must be an AbortSignal/));
    },
  );
});
