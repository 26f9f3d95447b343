import { redact } from './redact.js';

/** Survives two copies of the package in one program, where `instanceof` does not (ESM and CommonJS, or two versions). */
export const BRAND = Symbol.for('rx-leader.ElectionError');

/** Whether `error` is an `ElectionError`, also one made by another copy of this package. */
export const isBranded = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;

/** Errors within errors that are looked into; they may be circular. */
const DEEPEST = 5;

/**
 * A copy of what a client threw: its name, message, code and stack, and the same of the errors it was made from. The client's own object may have anything
 * attached, such as the command that failed: of a login, with user and password.
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

/** `cause` as somebody else than a client gave it: the same object, unless a credential shows in it, as where a client's error was passed on. */
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

/** An error's message. Known by its shape: one of Node's own is no `instanceof Error` to code in a realm of its own, as under jest. */
export function messageOf(error: unknown): string {
  const { message } = Object(error) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

/** What may be on an error, whichever client made it. */
interface Foreign {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly stack?: unknown;
  /** Of ioredis: the command that failed, with its arguments. */
  readonly command?: unknown;
  readonly cause?: unknown;
  /** Of an ioredis cluster. */
  readonly lastNodeError?: unknown;
  /** Of a reconnect strategy of node-redis. */
  readonly socketError?: unknown;
  /** Of an `AggregateError`. */
  readonly errors?: unknown;
  /** Of an ioredis transaction. */
  readonly previousErrors?: unknown;
}

const causeOf = ({ cause, lastNodeError, socketError }: Foreign): unknown => cause ?? lastNodeError ?? socketError;

function errorsOf({ errors, previousErrors }: Foreign): readonly unknown[] {
  const all = errors ?? previousErrors;
  return Array.isArray(all) ? all : [];
}

const define = (error: Error, name: string, value: unknown) =>
  Object.defineProperty(error, name, { value, writable: true, configurable: true });
