import { BRAND, isBranded, messageOf, safeCause } from './foreign-error.js';
import { isSecret, redact } from './redact.js';

/**
 * What went wrong, as a literal to switch on.
 *
 * - `STORE_UNAVAILABLE`: the store cannot be reached, or it cannot serve writes now.
 *   Redis reports this as `MISCONF`, `NOREPLICAS`, `BUSY`, `CLUSTERDOWN` or `MASTERDOWN`.
 *   A closed client, a full client queue, and too few replicas (`replicated`) also count.
 * - `STORE_TIMEOUT`: no reply arrived within `timeout`. Whether the request took effect is unknown.
 * - `STORE_DENIED`: the password is wrong, an ACL rule forbids a command, key or channel,
 *   or the server lacks a required command.
 * - `STORE_READONLY`: the server is a replica.
 * - `STORE_FULL`: `maxmemory` is reached and the server refuses writes.
 * - `STORE_LOADING`: the server is still loading its data set.
 * - `STORE_REPLY`: this library cannot interpret the reply.
 * - `KEY_CONFLICT`: the election's key holds something that is not a lease, or the client moved
 *   to another database or key prefix while it had elections.
 * - `TERM_ENDED`: the term that this call belongs to is over.
 * - `INVALID_OPTION`: an argument is wrong; thrown by the call itself.
 */
export type ElectionErrorCode =
  | 'STORE_UNAVAILABLE'
  | 'STORE_TIMEOUT'
  | 'STORE_DENIED'
  | 'STORE_READONLY'
  | 'STORE_FULL'
  | 'STORE_LOADING'
  | 'STORE_REPLY'
  | 'KEY_CONFLICT'
  | 'TERM_ENDED'
  | 'INVALID_OPTION';

/** The JSON form of an {@link ElectionError}. */
export interface ElectionErrorJSON {
  readonly name: string;
  readonly code: ElectionErrorCode;
  readonly message: string;
  /** The message of the cause. Absent if `message` already quotes it. */
  readonly cause?: string;
}

/**
 * The class of every error that this library creates.
 *
 * `cause` is the original error, if there was one. For a client's error, `cause` is a copy with
 * only name, message, code, stack and nested causes.
 * Clients attach the failed command to their errors, which can contain a password.
 * An error from a custom store is kept unchanged, unless it contains a credential.
 *
 * @example
 * election.subscribe((transition) => {
 *   if (transition.role === 'error' && transition.error.code === 'STORE_DENIED') process.exit(1);
 * });
 */
export class ElectionError extends Error {
  /** What went wrong. Switch on this, not on the message. */
  readonly code: ElectionErrorCode;

  constructor(code: ElectionErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(redact(message), options && { ...options, cause: safeCause(options.cause) });
    this.name = 'ElectionError';
    this.code = code;
  }

  /**
   * Returns name, code and message, and the message of the cause if `message` does not quote it.
   * Loggers that print every field therefore print nothing twice.
   */
  toJSON(): ElectionErrorJSON {
    const { name, code, message, cause } = this;
    const reason = cause === undefined ? '' : messageOf(cause).trim().replace(/\.$/, '');
    return { name, code, message, ...(!message.includes(reason) && { cause: reason }) };
  }

  /** @internal */
  get [BRAND](): true {
    return true;
  }
}

/**
 * Returns whether `error` is an {@link ElectionError}.
 *
 * Also recognizes errors from another copy of this package, where `instanceof` fails. Never throws.
 *
 * @example
 * try {
 *   await election.candidates();
 * } catch (error) {
 *   if (!isElectionError(error) || error.code !== 'STORE_TIMEOUT') throw error;
 * }
 */
export function isElectionError(error: unknown): error is ElectionError {
  return isBranded(error);
}

/** Errors of requests that never left the process. */
const unsent = new WeakSet<ElectionError>();

/** Marks `error` as belonging to a request that cannot have taken effect. */
export function markUnsent(error: ElectionError): ElectionError {
  unsent.add(error);
  return error;
}

/** Whether the failed request is known never to have left the process. */
export const isUnsent = (error: ElectionError): boolean => unsent.has(error);

/** Creates the error for a wrong argument. It names the option, the rule and the received value. */
export function invalidOption(option: string, rule: string, received: unknown): ElectionError {
  return new ElectionError(
    'INVALID_OPTION',
    `Invalid option "${option}": ${rule}; received ${isSecret(option) ? `a ${typeof received}` : show(received)}`,
  );
}

/**
 * Creates the abort reason of an ended term's signal.
 * It is named `AbortError` because code that awaits a signal expects that name.
 */
export function termEnded(message: string): ElectionError {
  const error = new ElectionError('TERM_ENDED', message);
  error.name = 'AbortError';
  return error;
}

/** Describes any value in words. Getters and proxies may throw while they are inspected. */
function show(value: unknown): string {
  try {
    return described(value);
  } catch {
    return `a ${typeof value} that cannot be looked at`;
  }
}

function described(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof (value as PromiseLike<unknown> | null)?.then === 'function')
    return 'a promise, which is to be awaited first';
  if (typeof value === 'function') return `function ${value.name}`.trim();
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no prototype'})`;
  return String(value);
}
