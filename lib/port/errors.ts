import { BRAND, isBranded, messageOf, safeCause } from './foreign-error.js';
import { isSecret, redact } from './redact.js';

/**
 * What went wrong, as a literal to switch on.
 *
 * - `STORE_UNAVAILABLE`: the store cannot be reached, or is up but cannot serve writes now (`MISCONF`, `NOREPLICAS`,
 *   `BUSY`, `CLUSTERDOWN`, `MASTERDOWN`, a closed client, one whose queue is full), or too few replicas have the lease (`replicated`).
 * - `STORE_TIMEOUT`: no answer within `timeout`; whether the request took effect is unknown.
 * - `STORE_DENIED`: wrong password, an ACL rule forbids a command, key or channel, or the server does not have a command that is needed.
 * - `STORE_READONLY`: the server is a replica.
 * - `STORE_FULL`: `maxmemory` is reached and the server refuses writes.
 * - `STORE_LOADING`: the server is still reading its data set.
 * - `STORE_REPLY`: an answer that this library cannot make sense of.
 * - `KEY_CONFLICT`: the election's key holds something that is not a lease, or the client was moved to another database
 *   or key prefix while it had elections.
 * - `TERM_ENDED`: the term this call belongs to is over.
 * - `INVALID_OPTION`: a wrong argument, thrown at the call.
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

/** What `JSON.stringify` makes of an {@link ElectionError}. */
export interface ElectionErrorJSON {
  readonly name: string;
  readonly code: ElectionErrorCode;
  readonly message: string;
  /** The message of the cause, unless `message` quotes it already. */
  readonly cause?: string;
}

/**
 * Every error of this library.
 *
 * `cause` is the error it was made from, where there was one. Of a client's error it is a copy with name, message, code, stack and nested causes, and
 * nothing else, because clients attach what they failed to send, passwords included. What a store of your own throws is kept as it is, unless
 * a credential shows in it.
 */
export class ElectionError extends Error {
  /** What went wrong; match on this, not on the message. */
  readonly code: ElectionErrorCode;

  constructor(code: ElectionErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(redact(message), options && { ...options, cause: safeCause(options.cause) });
    this.name = 'ElectionError';
    this.code = code;
  }

  /** Name, code and message, and the message of the cause where the own one does not quote it: loggers that print all of it print nothing twice. */
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

/** Whether `error` is an {@link ElectionError}, also one made by another copy of this package. */
export function isElectionError(error: unknown): error is ElectionError {
  return isBranded(error);
}

/** Errors of requests that never left the process. */
const unsent = new WeakSet<ElectionError>();

/** Marks `error`: its request cannot have taken effect. */
export function markUnsent(error: ElectionError): ElectionError {
  unsent.add(error);
  return error;
}

/** Whether the request that failed so is known never to have left the process. */
export const isUnsent = (error: ElectionError): boolean => unsent.has(error);

/** The error for a wrong argument: names the option, the rule it breaks and the value received. */
export function invalidOption(option: string, rule: string, received: unknown): ElectionError {
  return new ElectionError(
    'INVALID_OPTION',
    `Invalid option "${option}": ${rule}; received ${isSecret(option) ? `a ${typeof received}` : show(received)}`,
  );
}

/** The reason of a finished term's signal: named `AbortError`, as code that awaits a signal expects. */
export function termEnded(message: string): ElectionError {
  const error = new ElectionError('TERM_ENDED', message);
  error.name = 'AbortError';
  return error;
}

/** What it is, in words, whatever it is: it may throw when it is looked at. */
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
