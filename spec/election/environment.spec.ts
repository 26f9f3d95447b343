import { hostname } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { asapScheduler, asyncScheduler, VirtualTimeScheduler } from 'rxjs';
import { systemClock } from '../../lib/clock/clock.js';
import { environment } from '../../lib/election/environment.js';
import type { ElectionOptions } from '../../lib/election/options.js';
import { ScriptedStore } from '../support/scripted-store.js';

const store = new ScriptedStore();
const settle = (options: object = {}) => environment({ store, key: 'k', ...options } as ElectionOptions);

const client = {
  eval: async () => null,
  evalSha: async () => null,
  on: () => undefined,
  off: () => undefined,
  isOpen: true,
};

const LONGEST = 2 ** 31 - 1;

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** The error that names `option`, the rule and the value. */
const refusal = (option: string): Error =>
  expect.objectContaining({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(new RegExp(`^Invalid option "${option}": .+; received `)),
  }) as never;

describe('defaults', () => {
  it('are derived from a ttl of 10 s', () => {
    expect(settle().settings).toEqual({
      key: 'k',
      ttl: 10_000,
      wait: 5_000,
      jitter: 200,
      renewEvery: 3_333,
      timeout: 1_000,
      drain: 10_000,
      name: `${hostname()}:${process.pid}`,
      coldStart: 'elect',
    });
  });

  it('are rounded down to whole ms', () => {
    expect(settle({ ttl: 1_119 }).settings).toMatchObject({
      wait: 559,
      jitter: 22,
      renewEvery: 373,
      timeout: 111,
      drain: 1_119,
    });
  });

  it('fit together at the smallest ttl', () => {
    expect(settle({ ttl: 100 }).settings).toMatchObject({ ttl: 100, wait: 50, jitter: 2, renewEvery: 33, timeout: 10 });
  });

  it('are replaced by given values', () => {
    const given = {
      ttl: 20_000,
      wait: 30_000, // may exceed the ttl
      jitter: 0,
      renewEvery: 1,
      timeout: 1,
      drain: 1,
      name: 'me',
      data: 'http://me',
      coldStart: 'wait',
    };
    expect(settle(given).settings).toEqual({ key: 'k', ...given });
  });

  it('treat undefined options as absent', () => {
    expect(settle({ ttl: undefined, data: undefined, name: undefined, coldStart: undefined }).settings).toEqual(
      settle().settings,
    );
  });
});

describe('a time', () => {
  it.each(['ttl', 'wait', 'jitter', 'renewEvery', 'timeout', 'drain'])('is a whole number of ms: %s', (option) => {
    for (const value of [0.5, 100.5, Number.NaN, Number.POSITIVE_INFINITY, -1, LONGEST + 1, '100', null, {}]) {
      expect(() => settle({ [option]: value })).toThrow(refusal(option));
    }
  });

  it.each(['wait', 'renewEvery', 'timeout', 'drain'])('is at least 1: %s', (option) => {
    expect(() => settle({ [option]: 0 })).toThrow(refusal(option));
    expect(settle({ [option]: 1 }).settings).toMatchObject({ [option]: 1 });
  });

  it('may be 0 for jitter', () => {
    expect(settle({ jitter: 0 }).settings.jitter).toBe(0);
  });

  it('is at least 100 for ttl', () => {
    expect(() => settle({ ttl: 99 })).toThrow(
      'Invalid option "ttl": must be a whole number of ms from 100 to 2147483647; received 99',
    );
  });

  it.each(['wait', 'jitter', 'drain'])('is at most 2³¹ − 1, as a timer is: %s', (option) => {
    expect(settle({ [option]: LONGEST }).settings).toMatchObject({ [option]: LONGEST });
  });
});

describe('renewEvery and timeout', () => {
  // The lifetime of a ttl of 2 020 is 1 877, which is the maximum for 600 + 3 × (timeout + timeout
  // / 4).
  it('leave time for three failures within the lifetime of a lease', () => {
    expect(settle({ ttl: 2_020, renewEvery: 1_502, timeout: 100 }).settings).toMatchObject({ renewEvery: 1_502 });
    expect(() => settle({ ttl: 2_020, renewEvery: 1_503, timeout: 100 })).toThrow(refusal('renewEvery'));
    expect(settle({ ttl: 2_020, renewEvery: 602, timeout: 340 }).settings).toMatchObject({ timeout: 340 });
    expect(() => settle({ ttl: 2_020, renewEvery: 603, timeout: 340 })).toThrow(refusal('renewEvery'));
  });

  it('name the option that was given, and all the numbers', () => {
    expect(() => settle({ ttl: 2_020, timeout: 500 })).toThrow(
      'Invalid option "timeout": renewEvery + 3 × (timeout + timeout / 4) must fit into the 1877 ms of certain leadership that a ' +
        'ttl of 2020 gives, so that a failed renewal can be repeated; with renewEvery 673 and timeout 500 it is 2548 ms; received 500',
    );
    expect(() => settle({ ttl: 2_020, renewEvery: 1_800 })).toThrow(/"renewEvery".+received 1800$/);
  });
});

describe('key, name, data and coldStart', () => {
  it.each(['', undefined, null, 5])('reject %p as a key', (key) => {
    expect(() => settle({ key })).toThrow(refusal('key'));
  });

  it.each(['', null, 5])('reject %p as a name', (name) => {
    expect(() => settle({ name })).toThrow(refusal('name'));
  });

  it.each([null, 5, {}])('reject %p as data', (data) => {
    expect(() => settle({ data })).toThrow(refusal('data'));
  });

  it.each(['', 'maybe', null, true])('reject %p as a coldStart', (coldStart) => {
    expect(() => settle({ coldStart })).toThrow(refusal('coldStart'));
  });
});

describe('preflight', () => {
  it.each(['', 0, 'no', null, {}])('rejects %p', (preflight) => {
    expect(() => settle({ preflight })).toThrow(refusal('preflight'));
  });

  it('runs for a client unless it is disabled, and never for a store', () => {
    const options = { redis: client, key: 'k' };
    expect(environment(options).preflight).toBeDefined();
    expect(environment({ ...options, preflight: true }).preflight).toBeDefined();
    expect(environment({ ...options, preflight: false }).preflight).toBeUndefined();
    expect(settle({ preflight: true }).preflight).toBeUndefined();
  });
});

describe('redis and store', () => {
  it('are required, exactly one of them', () => {
    expect(settle().store).toBe(store);
    expect(environment({ redis: client, key: 'k' }).store).toMatchObject({ acquire: expect.any(Function) });
    expect(() => settle({ redis: client })).toThrow(refusal('store'));
    expect(() => environment({ key: 'k' } as never)).toThrow(refusal('redis'));
  });

  it.each(['acquire', 'renew', 'release', 'read'])('reject a store without %s', (verb) => {
    const verbs = { acquire: fail, renew: fail, release: fail, read: fail };
    expect(settle({ store: verbs }).store).toBe(verbs);
    expect(() => settle({ store: { ...verbs, [verb]: undefined } })).toThrow(refusal('store'));
  });

  it.each(['eval', 'evalSha', 'on', 'off'])('reject a client without %s', (method) => {
    expect(() => settle({ store: undefined, redis: { ...client, [method]: undefined } })).toThrow(refusal('redis'));
  });

  it('name the given value', () => {
    expect(() => settle({ store: undefined, redis: 'redis://localhost' })).toThrow(/received "redis:\/\/localhost"$/);
    expect(() => settle({ store: 5 })).toThrow(/received 5$/);
    expect(() => settle({ redis: client })).toThrow(/received an object \(ScriptedStore\)$/);
  });

  it.each<[string, () => unknown]>([
    ['a getter that throws', () => Object.defineProperty({}, 'then', { get: fail })],
    ['a proxy that has been revoked', revoked],
    ['a function with a symbol for a name', () => Object.defineProperty(() => {}, 'name', { value: Symbol('s') })],
    ['a constructor with one', () => ({ constructor: { name: Symbol('s') } })],
  ])('reject %s, even if it cannot be described', (_, make) => {
    expect(() => settle({ ttl: make() })).toThrow(refusal('ttl'));
  });

  it.each([null, 0, ''])('reject %p as a subscriber, with a store and with a client', (subscriber) => {
    expect(() => settle({ subscriber })).toThrow(refusal('subscriber'));
    expect(() => settle({ store: undefined, redis: client, subscriber })).toThrow(refusal('subscriber'));
  });

  it.each([null, 'redis://localhost', 5])('reject %p as either', (value) => {
    expect(() => settle({ store: undefined, redis: value })).toThrow(refusal('redis'));
    expect(() => settle({ store: value })).toThrow(refusal('store'));
  });

  it.each([undefined, null, 'k'])('are not found in %p', (options) => {
    expect(() => environment(options as never)).toThrow(refusal('options'));
  });
});

describe('a subscriber', () => {
  const redis = createClient();
  const subscriber = createClient();
  const given = (subscriber: unknown, options: object = {}) =>
    environment({ redis, key: 'k', ...options, subscriber } as ElectionOptions);

  it('creates one store that all elections with the same subscriber share', () => {
    const { store } = given(subscriber);
    expect(store).not.toBe(given(undefined).store);
    expect(store).not.toBe(given(createClient()).store);
    expect(given(subscriber, { key: 'another' }).store).toBe(store);
    expect(given(redis).store).toBe(given(undefined).store);
  });

  it('may be false, which creates another store', () => {
    const { store } = given(false);
    expect([given(undefined).store, given(subscriber).store]).not.toContain(store);
    expect(given(false, { key: 'another' }).store).toBe(store);
    expect(() => settle({ subscriber: false })).toThrow(/^Invalid option "subscriber": needs redis/);
  });

  it.each([null, true, 'redis://localhost', 5, {}])('cannot be %p', (value) => {
    expect(() => given(value)).toThrow(refusal('subscriber'));
  });

  it('must be a client that can be duplicated, and only applies to redis', () => {
    expect(() => given(client)).toThrow(
      /^Invalid option "subscriber": must be a client .+ which can be duplicated, or false; /,
    );
    expect(() => settle({ subscriber })).toThrow(/^Invalid option "subscriber": needs redis/);
  });
});

describe('clock, scheduler and signal', () => {
  it('are the system’s by default, and soon is a microtask', () => {
    expect(settle()).toMatchObject({ clock: systemClock(), scheduler: asyncScheduler, soon: asapScheduler });
  });

  it('are all virtual under a virtual scheduler (its now() is the time)', () => {
    const scheduler = new VirtualTimeScheduler();
    const { clock, soon } = settle({ scheduler });
    scheduler.frame = 40;
    expect([clock.now(), clock.wall?.()]).toEqual([40, 40]);
    expect(soon).toBe(scheduler);
  });

  it('may be given separately', () => {
    const clock = { now: () => 5 };
    const scheduler = new VirtualTimeScheduler();
    expect(settle({ clock })).toMatchObject({ clock, scheduler: asyncScheduler });
    expect(settle({ clock, scheduler })).toMatchObject({ clock, scheduler });
  });

  it.each([
    ['clock', { now: 5 }],
    ['clock', {}],
    ['scheduler', {}],
    ['scheduler', null],
    ['clock', null],
    ['scheduler', 'async'],
    ['signal', {}],
    ['signal', null],
  ])('reject a wrong %s: %j', (option, value) => {
    expect(() => settle({ [option]: value })).toThrow(refusal(option));
  });
});

describe('a text that UTF-8 cannot encode', () => {
  it.each(['key', 'name', 'data'])('is rejected as %s, with the index of the fault', (option) => {
    for (const [text, at] of [
      ['\ud83d', 0],
      ['team \ud83d one', 5],
      ['\ude00', 0],
      ['😀\ude00', 2],
    ] as const) {
      expect(() => settle({ [option]: text })).toThrow(refusal(option));
      expect(() => settle({ [option]: text })).toThrow(`half of a surrogate pair at index ${at}`);
    }
  });

  it('has an unpaired surrogate; whole pairs are accepted', () => {
    expect(settle({ key: 'k😀', name: '😀', data: 'x😀\u0000\ufffd' }).settings).toMatchObject({
      key: 'k😀',
      name: '😀',
    });
  });
});

describe('an id', () => {
  it('is the name and 128 random bits, so that candidates with one name never share an id', () => {
    const { nextId, settings } = settle({ name: 'me' });
    const ids = Array.from({ length: 1_000 }, () => nextId(settings));
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^me\/[0-9a-f]{32}$/);
  });
});

describe('a random number', () => {
  it('is from 0 to 1, and different each time', () => {
    const { random } = settle();
    const numbers = Array.from({ length: 100 }, random);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(new Set(numbers).size).toBeGreaterThan(1);
  });
});

function fail(): never {
  throw new Error('asked for nothing');
}
