import { describe, expect, it, jest } from '@jest/globals';
import * as errors from '../lib/errors.js';

const { ElectionError, invalidOption, isElectionError, termEnded } = errors;

/** The same module a second time, as where one program loads the package as ESM and as CommonJS. */
function anotherCopy(): typeof errors {
  let copy = errors;
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof errors>('../lib/errors.js');
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

  it('has no cause where there was none', () => {
    expect('cause' in new ElectionError('STORE_REPLY', 'nonsense')).toBe(false);
  });
});

describe('isElectionError', () => {
  it('knows one of this copy and one of another, where instanceof does not', () => {
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

describe('termEnded', () => {
  it('is named AbortError, as code that awaits a signal expects', () => {
    expect(termEnded('over')).toMatchObject({ name: 'AbortError', code: 'TERM_ENDED', message: 'over' });
  });
});
