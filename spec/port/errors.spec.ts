import { describe, expect, it, jest } from '@jest/globals';
import * as errors from '../../lib/port/errors.js';
import { leaks } from '../support/leaks.js';

const { ElectionError, invalidOption, isElectionError, termEnded } = errors;

/** A second copy of the module, as in a program that loads the package as ESM and as CommonJS. */
function anotherCopy(): typeof errors {
  let copy = errors;
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof errors>('../../lib/port/errors.js');
  });
  return copy;
}

describe('ElectionError', () => {
  it('is an Error with a code, a message and the cause', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new ElectionError('STORE_UNAVAILABLE', 'no way to the store', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ElectionError',
      code: 'STORE_UNAVAILABLE',
      message: 'no way to the store',
      cause,
    });
    expect(String(error)).toBe('ElectionError: no way to the store');
    expect(error.stack).toContain('errors.spec');
  });

  it('has no cause if there was none', () => {
    expect('cause' in new ElectionError('STORE_REPLY', 'nonsense')).toBe(false);
  });

  it('keeps the original error of a custom store', () => {
    const cause = Object.assign(new RangeError('quota'), { tenant: 7 });
    expect(new ElectionError('STORE_REPLY', 'no', { cause }).cause).toBe(cause);
  });

  it('hides credentials of a client’s error that a custom store passed on', () => {
    const command = { name: 'auth', args: ['app', 's3cret'] };
    const cause = new Error('login', { cause: Object.assign(new Error('WRONGPASS no'), { command }) });
    const error = new ElectionError('STORE_REPLY', 'login to redis://app:s3cret@host failed', { cause });
    expect(leaks(error, 's3cret')).toEqual([]);
    expect(error.message).toBe('login to redis://[redacted]@host failed');
    expect(error.cause).toMatchObject({ message: 'login', cause: { message: 'WRONGPASS no' } });
  });

  it('accepts a cause that throws when it is inspected', () => {
    const cause = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('no');
      },
    });
    expect(new ElectionError('STORE_REPLY', 'no', { cause }).cause).toMatchObject({
      message: 'an error that cannot be looked at',
    });
  });
});

describe('the JSON of an ElectionError', () => {
  const json = (error: unknown) => JSON.parse(JSON.stringify(error));

  it('has name, code and message, and the message of the cause', () => {
    const error = new ElectionError('STORE_FULL', 'no room', { cause: new Error('OOM') });
    expect(json(error)).toEqual({ name: 'ElectionError', code: 'STORE_FULL', message: 'no room', cause: 'OOM' });
    expect(json({ error })).toEqual({ error: json(error) });
  });

  it('has the message of the cause once if its own message quotes it', () => {
    const error = new ElectionError('STORE_FULL', 'acquire failed: OOM', { cause: new Error('OOM.') });
    expect(json(error)).toEqual({ name: 'ElectionError', code: 'STORE_FULL', message: 'acquire failed: OOM' });
  });

  it('has no cause if there was none, or an empty one', () => {
    const facts = { name: 'ElectionError', code: 'STORE_REPLY', message: 'nonsense' };
    expect(json(new ElectionError('STORE_REPLY', 'nonsense'))).toEqual(facts);
    expect(json(new ElectionError('STORE_REPLY', 'nonsense', { cause: new Error('') }))).toEqual(facts);
    expect(json(termEnded('over'))).toEqual({ name: 'AbortError', code: 'TERM_ENDED', message: 'over' });
  });
});

describe('isElectionError', () => {
  it('recognizes errors of this copy and of another, where instanceof fails', () => {
    const copy = anotherCopy();
    const foreign = new copy.ElectionError('STORE_TIMEOUT', 'no answer');
    expect(foreign).not.toBeInstanceOf(ElectionError);
    expect([isElectionError(foreign), copy.isElectionError(new ElectionError('STORE_FULL', 'full'))]).toEqual([
      true,
      true,
    ]);
    expect(isElectionError(copy.termEnded('over'))).toBe(true);
  });

  it.each([
    ['another error', new Error('x')],
    [
      'one with the same name and code',
      Object.assign(new Error('x'), { name: 'ElectionError', code: 'STORE_TIMEOUT' }),
    ],
    ['null', null],
    ['undefined', undefined],
    ['a string', 'STORE_TIMEOUT'],
    ['an object', { code: 'STORE_TIMEOUT' }],
  ])('is false for %s', (_, value) => {
    expect(isElectionError(value)).toBe(false);
  });
});

describe('invalidOption', () => {
  it.each([
    ['a string in quotes', '5', '"5"'],
    ['a number', Number.NaN, 'NaN'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object by its class', new Date(0), 'an object (Date)'],
    ['an object without a class', Object.create(null), 'an object (no prototype)'],
    ['a function by its name', isElectionError, 'function isElectionError'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['a bigint', 5n, '5n'],
    ['an array by its length', [1, 2], 'an array of 2'],
    ['a promise', Promise.resolve(), 'a promise, which is to be awaited first'],
  ])('names the option, the rule and the value: %s', (_, value, shown) => {
    expect(invalidOption('ttl', 'must be so', value)).toMatchObject({
      code: 'INVALID_OPTION',
      message: `Invalid option "ttl": must be so; received ${shown}`,
    });
  });
});

describe('invalidOption, of an option that is a credential', () => {
  it.each(['password', 'auth', 'sentinelPassword', 'clientSecret'])('hides the value of %s', (option) => {
    const { message } = invalidOption(option, 'there is no such option', 's3cret');
    expect(message).toBe(`Invalid option "${option}": there is no such option; received a string`);
  });

  it('shows a URL without its password', () => {
    const { message } = invalidOption('redis', 'must be a client', 'redis://app:s3cret@host:6379/1');
    expect(message).toBe('Invalid option "redis": must be a client; received "redis://[redacted]@host:6379/1"');
  });
});

describe('termEnded', () => {
  it('is named AbortError, as code that awaits a signal expects', () => {
    expect(termEnded('over')).toMatchObject({ name: 'AbortError', code: 'TERM_ENDED', message: 'over' });
  });
});
