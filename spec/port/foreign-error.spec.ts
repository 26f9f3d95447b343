import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ElectionError } from '../../lib/port/errors.js';
import { copyOf } from '../../lib/port/foreign-error.js';
import { leaks } from '../support/leaks.js';

const SECRET = 's3cret';

/** The error that ioredis creates. */
const denied = () =>
  Object.assign(new Error('WRONGPASS no'), { name: 'ReplyError', command: { name: 'auth', args: ['app', SECRET] } });

describe('a copy of a client’s error', () => {
  it('has name, message, code and stack, and is an Error', () => {
    const error = Object.assign(new TypeError('connect ECONNREFUSED'), { code: 'ECONNREFUSED', errno: -111 });
    const copy = copyOf(error);
    expect(copy).toBeInstanceOf(Error);
    expect(copy).not.toBe(error);
    const { name, message, stack } = error;
    expect({ ...Object(copy) }).toEqual({ code: 'ECONNREFUSED' });
    expect(copy).toMatchObject({ name, message, stack, code: 'ECONNREFUSED' });
    expect(inspect(copy)).toMatch(/TypeError.*: connect ECONNREFUSED/);
  });

  it.each<[string, () => unknown]>([
    ['as it is', denied],
    ['as a cause', () => new Error('x', { cause: denied() })],
    ['as one of several', () => new AggregateError([new Error('x'), denied()], 'all failed')],
    ['as the last of a cluster', () => Object.assign(new Error('x'), { lastNodeError: denied() })],
    ['as one before', () => Object.assign(new Error('x'), { previousErrors: [denied()] })],
    ['as one of a socket', () => Object.assign(new Error('x'), { originalError: denied(), socketError: denied() })],
  ])('has no command, and still describes the fault: %s', (_, make) => {
    const error = make();
    expect(leaks(error, SECRET)).not.toEqual([]);
    const copy = copyOf(error);
    expect(leaks(copy, SECRET)).toEqual([]);
    expect(inspect(copy)).toContain('WRONGPASS no');
  });

  it.each([
    ['what it says', () => new Error(`redis://app:${SECRET}@host`)],
    ['a string', () => `redis://app:${SECRET}@host`],
    [
      'anything that it has',
      () => Object.assign(new Error('x'), { options: { password: SECRET }, [Symbol('x')]: SECRET }),
    ],
    ['what is hidden', () => Object.defineProperty(new Error('x'), 'password', { value: SECRET })],
    ['what is no error', () => ({ password: SECRET })],
  ])('shows no credential in %s', (_, make) => {
    expect(leaks(make(), SECRET)).not.toEqual([]);
    expect(leaks(copyOf(make()), SECRET)).toEqual([]);
  });

  it('ends at circular causes', () => {
    const error = new Error('round and round');
    error.cause = error;
    expect(inspect(copyOf(error), { depth: null })).toContain('round and round');
  });

  it('is not made of an ElectionError, which stays unchanged', () => {
    const error = new ElectionError('STORE_FULL', 'full');
    expect(copyOf(error)).toBe(error);
  });
});
