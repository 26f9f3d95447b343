import { describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import {
  type ElectionOptions,
  elect,
  type ObserveOptions,
  observe,
  quorum,
  type Transition,
  whileLeader,
} from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { firstValueFrom } from 'rxjs';

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) });

describe('bad input', () => {
  it.each([undefined, null, 'redis://localhost'])('is rejected if it is not an options object: %p', (options) => {
    expect(() => observe(options as unknown as ObserveOptions)).toThrow(refusal(/"options": must be an object/));
    expect(() => elect(options as unknown as ElectionOptions)).toThrow(refusal(/"options": must be an object/));
  });

  it.each([
    ['TTL', 5_000, '; "ttl" is meant, maybe; received 5000'],
    ['renewInterval', 1_000, '; received 1000'],
  ])('is rejected if the option does not exist: %s', (name, value, end) => {
    const options = { store: new MemoryLeaseStore(), key: 'k', [name]: value };
    expect(() => elect(options)).toThrow(
      refusal(new RegExp(`^Invalid option "${name}": there is no such option${end}$`)),
    );
    expect(() => elect({ ...options, [name]: undefined })).not.toThrow();
  });

  it('is rejected if observe, quorum or resign has no such option', async () => {
    const store = new MemoryLeaseStore();
    const none = (name: string) =>
      refusal(new RegExp(`^Invalid option "${name}": there is no such option; received 5$`));
    const options = { store, key: 'k', ttl: 5_000, evry: 5 };
    expect(() => observe(options)).toThrow(none('evry'));
    const { evry: _, ...fine } = options;
    expect(() => observe(fine)).not.toThrow(); // the options of elect are accepted
    const stores = [1, 2, 3].map(() => new MemoryLeaseStore());
    expect(() => quorum(stores, { timeout: 5 } as object)).toThrow(none('timeout'));
    expect(() => quorum(stores, null as never)).toThrow(
      refusal(/^Invalid option "options": must be an object such as/),
    );
    const election = elect({ store, key: 'k' });
    await expect(election.resign({ too: 5 } as object)).rejects.toThrow(none('too'));
  });

  it('is rejected if a function is passed as the work to await', async () => {
    const election = elect({ store: new MemoryLeaseStore(), key: 'k' });
    const { term } = (await firstValueFrom(election)) as Extract<Transition, { role: 'leader' }>;
    expect(() => term.waitUntil((async () => {}) as never)).toThrow(
      refusal(/^Invalid option "work": must be a promise: call the function; received function/),
    );
  });

  it('is rejected if a client is passed as a store, a store as a client, or either as the options', () => {
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

  it.each([undefined, 5])('is rejected if the work is not a function: %p', (project) => {
    expect(() => whileLeader(project as never)).toThrow(refusal(/"project": must be a function of the term/));
  });

  it.each([{ addEventListener() {} }, { addEventListener() {}, aborted: false }, new EventTarget()])(
    'is rejected if the signal is not an AbortSignal: %p',
    (signal) => {
      const options = { store: new MemoryLeaseStore(), key: 'k', signal } as unknown as ElectionOptions;
      expect(() => elect(options)).toThrow(refusal(/"signal": must be an AbortSignal/));
    },
  );
});
