import { redact } from './redact.js';

/**
 * Identifies errors across two copies of the package, where `instanceof` fails.
 * Two copies occur with ESM beside CommonJS, and with two versions.
 */
export const BRAND = Symbol.for('rx-leader.ElectionError');

/** Whether `error` is an `ElectionError`, also one from another copy of this package. */
export const isBranded = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;

/** Maximum depth of nested errors to inspect, because causes may be circular. */
const DEEPEST = 5;

/**
 * Copies a client's error: name, message, code, stack, and the same of its nested errors.
 *
 * Clients attach arbitrary data to their errors, such as the failed command.
 * For a login, that command contains the user and the password.
 */
export function copyOf(error: unknown, depth = 0): unknown {
  if (typeof error === 'string') return redact(error);
  if (typeof error !== 'object' || error === null || isBranded(error)) return error;
  const { name, code, stack } = error as Foreign;
  const copy: Error & { code?: unknown } = new Error(redact(messageOf(error)));
  define(copy, 'name', typeof name === 'string' ? name : 'Error');
  define(copy, 'stack', typeof stack === 'string' ? redact(stack) : String(copy));
  if (typeof code === 'string' || typeof code === 'number') copy.code = code;
  if (depth === DEEPEST) return copy;
  const [cause, errors] = [causeOf(error), errorsOf(error)];
  const copyNested = (one: unknown) => copyOf(one, depth + 1);
  if (cause !== undefined) define(copy, 'cause', copyNested(cause));
  if (errors.length > 0) define(copy, 'errors', errors.map(copyNested));
  return copy;
}

/**
 * Returns `cause` unchanged, unless it contains a credential; then returns a copy.
 * A store or a user can pass on a client's error, credentials included.
 */
export function safeCause(cause: unknown): unknown {
  try {
    return isRevealing(cause) ? copyOf(cause) : cause;
  } catch {
    return new Error('an error that cannot be looked at');
  }
}

function isRevealing(error: unknown, depth = 0): boolean {
  if (typeof error === 'string') return redact(error) !== error;
  if (typeof error !== 'object' || error === null || isBranded(error)) return false;
  if (depth > DEEPEST) return true;
  const { command, stack } = error as Foreign;
  if (typeof command === 'object' && command !== null) return true;
  const text = `${messageOf(error)}\n${stack}`;
  return redact(text) !== text || [causeOf(error), ...errorsOf(error)].some((one) => isRevealing(one, depth + 1));
}

/**
 * Returns an error's message, detected by shape.
 * Under jest, Node's own errors belong to another realm and fail `instanceof Error`.
 */
export function messageOf(error: unknown): string {
  const { message } = Object(error) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

/** Fields that clients may set on an error. */
interface Foreign {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly stack?: unknown;
  /** ioredis: the failed command with its arguments. */
  readonly command?: unknown;
  readonly cause?: unknown;
  /** ioredis cluster. */
  readonly lastNodeError?: unknown;
  /** node-redis reconnect strategy. */
  readonly socketError?: unknown;
  /** `AggregateError`. */
  readonly errors?: unknown;
  /** ioredis transaction. */
  readonly previousErrors?: unknown;
}

const causeOf = ({ cause, lastNodeError, socketError }: Foreign): unknown => cause ?? lastNodeError ?? socketError;

function errorsOf({ errors, previousErrors }: Foreign): readonly unknown[] {
  const all = errors ?? previousErrors;
  return Array.isArray(all) ? all : [];
}

const define = (error: Error, name: string, value: unknown) =>
  Object.defineProperty(error, name, { value, writable: true, configurable: true });
