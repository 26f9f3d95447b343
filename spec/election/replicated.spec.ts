import { describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { elect, type LeaseStore, observe, quorum, type ReplicatedOptions, replicated } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { firstValueFrom, from } from 'rxjs';
import { environment } from '../../lib/election/environment.js';

const redis = createClient();
const replicas = 1;
const given = (options: object = {}) => replicated(redis, { replicas, ...options } as ReplicatedOptions);
const stand = (store: LeaseStore, options: object = {}) => elect({ store, key: 'k', ttl: 10_000, ...options });

/** A client that cannot be duplicated. */
const single = { eval: async () => null, evalSha: async () => null, on() {}, off() {}, isOpen: true };

const refusal = (option: string) =>
  expect.objectContaining({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(new RegExp(`^Invalid option "${option}": .+; received `)),
  });

describe('replicated', () => {
  it('creates one store for all elections of a client with the same options', () => {
    expect(given()).toBe(given());
    expect(given({ timeout: 500 })).not.toBe(given());
    expect(given({ replicas: 2 })).not.toBe(given());
    expect(given({ subscriber: createClient() })).not.toBe(given());
    expect(replicated(createClient(), { replicas })).not.toBe(given());
    const environments = ['one', 'another'].map((key) => environment({ store: given(), key }));
    expect(environments[0]?.timersOf).toBe(environments[1]?.timersOf);
    expect(environments[0]?.store).toBe(environments[1]?.store);
  });

  it.each([undefined, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null])('rejects %p replicas', (value) => {
    expect(() => given({ replicas: value })).toThrow(refusal('replicas'));
    expect(() => given({ replicas: value })).toThrow(/: must be a whole number, at least 1; received /);
  });

  it.each([0, 0.5, -1, Number.NaN, '100', null])('rejects a timeout of %p', (timeout) => {
    expect(() => given({ timeout })).toThrow(refusal('timeout'));
  });

  it.each([null, 'redis://localhost', 5, {}])('rejects %p as a subscriber', (subscriber) => {
    expect(() => given({ subscriber })).toThrow(refusal('subscriber'));
  });

  it('rejects wrong and unknown options', () => {
    expect(() => replicated(redis, 1 as never)).toThrow(refusal('options'));
    expect(() => replicated(redis, undefined as never)).toThrow(refusal('options'));
    expect(() => given({ tiemout: 5 })).toThrow('Invalid option "tiemout": there is no such option; received 5');
  });

  it.each([undefined, null, 'redis://localhost', new MemoryLeaseStore()])('rejects %p as a client', (client) => {
    expect(() => replicated(client as never, { replicas })).toThrow(refusal('redis'));
  });

  it('rejects a client that cannot be duplicated', () => {
    expect(() => replicated(single, { replicas })).toThrow(
      /^Invalid option "redis": must be a client that can be duplicated, for a connection to wait by; /,
    );
  });
});

describe('the timeout of replicated', () => {
  it('must be less than that of an election, which otherwise rejects it at once', () => {
    expect(() => stand(given({ timeout: 999 }))).not.toThrow();
    expect(() => stand(given({ timeout: 1_000 }))).toThrow(
      'Invalid option "timeout": must be more than the 1000 ms for which replicated() waits for replicas, as part of a ' +
        'request; received 1000',
    );
    expect(() => stand(given({ timeout: 100 }), { timeout: 100 })).toThrow(refusal('timeout'));
  });

  it('is half of that of an election by default', () => {
    expect(() => stand(given(), { timeout: 1 })).toThrow(refusal('timeout'));
    expect(() => stand(given(), { timeout: 2 })).not.toThrow();
  });

  it('is also compared with that of an election over a quorum', () => {
    const stores = [given({ timeout: 1_000 }), new MemoryLeaseStore(), new MemoryLeaseStore()];
    expect(() => stand(quorum(stores))).toThrow(refusal('timeout'));
    expect(() => stand(quorum(stores), { timeout: 1_001 })).not.toThrow();
  });

  it('is also compared with that of a request outside an election', async () => {
    const store = given({ timeout: 100 });
    const request = { verb: 'renew', key: 'k', id: 'me', name: 'me', ttl: 1_000, token: 1 } as const;
    await expect(firstValueFrom(from(store.renew({ ...request, timeout: 100 })))).rejects.toThrow(refusal('timeout'));
  });

  it('does not apply to an observer, which waits for no replica', () => {
    expect(() => observe({ store: given({ timeout: 1_000 }), key: 'k', every: 10 })).not.toThrow();
  });
});

describe('preflight', () => {
  it('runs for the client of replicated, unless it is disabled', () => {
    const options = { store: given(), key: 'k' };
    expect(environment(options).preflight).toBe(environment({ redis, key: 'k' }).preflight);
    expect(environment({ ...options, preflight: false }).preflight).toBeUndefined();
  });
});
