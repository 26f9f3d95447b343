import { ElectionError, type ElectionErrorCode, isElectionError, markUnsent } from '../port/errors.js';
import { copyOf, messageOf } from '../port/foreign-error.js';
import type { LeaseRequest } from '../port/lease-store.js';
import { redact } from '../port/redact.js';
import { NotSent } from './client-adapter.js';
import { keysOf } from './keys.js';
import { slotOf } from './slots.js';

/** A subscribed RESP2 connection refuses other commands: the message of ioredis, or of Redis. */
const SUBSCRIBED = /in subscriber mode|are allowed in this context/;

/**
 * Redis does not have the command: it was renamed, or a proxy does not pass it on. In a script the
 * message does not name it.
 */
const MISSING = /unknown command ['`"]?(evalsha|eval|wait)\b|unknown redis command called from/i;

/**
 * The code for an error's text, anywhere in it. Redis 6.2 wraps errors inside a script into its own
 * `ERR`. Up to 7.0, an ACL failure in a script has no code.
 */
const MEANINGS: ReadonlyArray<readonly [RegExp, ElectionErrorCode]> = [
  [/\b(WRONGTYPE|LEASECONFLICT|LEASEMOVED)\b/, 'KEY_CONFLICT'],
  [/\b(NOAUTH|WRONGPASS|NOPERM)\b|ACL failure in script|user executing the script can't/, 'STORE_DENIED'],
  // Before a login Redis refuses many arguments without reading them.
  [/unauthenticated (multi)?bulk length/, 'STORE_DENIED'],
  [/\bREADONLY\b/, 'STORE_READONLY'],
  [/\bOOM\b/, 'STORE_FULL'],
  [/\bLOADING\b/, 'STORE_LOADING'],
  [SUBSCRIBED, 'STORE_UNAVAILABLE'],
  [MISSING, 'STORE_DENIED'],
  [/The queue is full/, 'STORE_UNAVAILABLE'],
  [/\b(MISCONF|NOREPLICAS|BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN)\b/, 'STORE_UNAVAILABLE'],
];

/** The commands that the scripts call. */
const COMMANDS =
  'get, set, del, pexpire, pttl, hmget, hset, zadd, zrem, zremrangebyscore, zrevrangebyscore, time, publish and info';

/**
 * Translates any error of a client or of Redis. `connected` is whether the client is connected,
 * `prefix` its key prefix.
 */
export function toElectionError(
  thrown: unknown,
  request: LeaseRequest,
  connected: boolean,
  prefix = '',
): ElectionError {
  if (isElectionError(thrown)) return thrown;
  const error = thrown instanceof NotSent ? thrown.cause : thrown;
  const text = messageOf(error);
  const known = MEANINGS.find(([pattern]) => pattern.test(text))?.[1];
  const code = known ?? (isConnectionLoss(error, text) || !connected ? 'STORE_UNAVAILABLE' : 'STORE_REPLY');
  const translated = new ElectionError(code, explain(code, text, request, prefix), { cause: copyOf(error) });
  return thrown instanceof NotSent ? markUnsent(translated) : translated;
}

/**
 * A connection loss in the messages of node-redis and ioredis. A cluster of node-redis 5 that could
 * not log in fails at `reading 'master'` of a slot.
 */
const LOSS =
  /clos|offline|connect|timed? ?out|abort|max retries|(root|startup) nodes|find node|redirections|slots cache|sentinel|master node|reading 'master'/i;

/**
 * Whether a command may not have reached the server. A system error has a code, such as
 * ECONNREFUSED. A client's error has only its message, which is empty if a queued command timed
 * out. An error reply of the server begins with a word in capitals.
 */
function isConnectionLoss(error: unknown, text: string): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if (/^[A-Z]{2,} /.test(text)) return false;
  return 'code' in error || text === '' || LOSS.test(text);
}

function explain(code: ElectionErrorCode, text: string, { verb, key }: LeaseRequest, prefix: string): string {
  const keys = keysOf(key);
  const [lease, record] = [prefix + keys.lease, prefix + keys.record];
  const [candidates, channel] = [prefix + keys.candidates, prefix + keys.channel];
  const reason = redact(text).trim().replace(/\.$/, ''); // our text adds a full stop
  const said = `${verb} of "${key}" failed: ${reason || 'the client gave no reason'}`;
  switch (code) {
    case 'STORE_DENIED':
      if (MISSING.test(text)) return `${said}. ${missing(text)}`;
      if (/NOAUTH|WRONGPASS|unauthenticated/.test(text))
        return `${said}. Check the username and password that the client was made with`;
      if (/'wait'/i.test(text)) return `${said}. Over replicated() the user needs the command wait as well`;
      return `${said}. The user needs the keys ~${lease}, ~${record} and ~${candidates}, the channel &${channel}, best also &${prefix}leader:inbox:*, and the commands evalsha, eval, ${COMMANDS}`;
    case 'KEY_CONFLICT':
      if (text.includes('LEASEMOVED'))
        return `${said}. Elections stay where they began: give them a client of their own, on which nobody calls SELECT or changes keyPrefix`;
      return verb === 'list'
        ? `${said}. The key ${candidates} belongs to the election; remove what else is stored there`
        : `${said}. The keys ${lease} and ${record} belong to the election; remove what else is stored there`;
    case 'STORE_READONLY':
      return `${said}. Give a client that is connected to the master`;
    default:
      if (reason === 'The client is closed')
        return `${said}. Connect it, and close its elections before it: this does not mend itself`;
      if (SUBSCRIBED.test(text)) return `${said}. Give a client that is not subscribed to anything`;
      if (text.includes('TRYAGAIN'))
        return `${said}. Slot ${slotOf(keys.lease)} of the cluster is being moved, and has only some of the election's keys: no request is answered until the move ends. If nobody moves it, the move was interrupted: run redis-cli --cluster fix`;
      return said;
  }
}

function missing(text: string): string {
  const [, command = ''] = MISSING.exec(text) ?? [];
  if (/wait/i.test(command)) return 'Over replicated() the server needs the command WAIT';
  if (command === '') return `The scripts need the commands ${COMMANDS}`;
  return `Elections need scripting: the server must have the commands EVALSHA and EVAL, and ${command.toUpperCase()} is missing`;
}
