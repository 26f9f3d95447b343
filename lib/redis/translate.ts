import { ElectionError, type ElectionErrorCode, isElectionError, markUnsent } from '../port/errors.js';
import { copyOf, messageOf } from '../port/foreign-error.js';
import type { LeaseRequest } from '../port/lease-store.js';
import { redact } from '../port/redact.js';
import { NotSent } from './client-adapter.js';
import { keysOf } from './keys.js';
import { slotOf } from './slots.js';

/** Without RESP3 a connection that is subscribed takes no other command: ioredis says so itself, else Redis does. */
const SUBSCRIBED = /in subscriber mode|are allowed in this context/;

/** What Redis says of a command that it does not have, because it was renamed or a proxy does not pass it on. In a script it does not say which. */
const MISSING = /unknown command ['`"]?(evalsha|eval|wait)\b|unknown redis command called from/i;

/**
 * What an error's text means. Looked for anywhere in it: Redis 6.2 wraps what happens inside a script into an `ERR` of its own, and
 * up to 7.0 gives an ACL failure in there no code at all.
 */
const MEANINGS: ReadonlyArray<readonly [RegExp, ElectionErrorCode]> = [
  [/\b(WRONGTYPE|LEASECONFLICT|LEASEMOVED)\b/, 'KEY_CONFLICT'],
  [/\b(NOAUTH|WRONGPASS|NOPERM)\b|ACL failure in script|user executing the script can't/, 'STORE_DENIED'],
  // To one who has not logged in, Redis refuses so many arguments before it looks what they are.
  [/unauthenticated (multi)?bulk length/, 'STORE_DENIED'],
  [/\bREADONLY\b/, 'STORE_READONLY'],
  [/\bOOM\b/, 'STORE_FULL'],
  [/\bLOADING\b/, 'STORE_LOADING'],
  [SUBSCRIBED, 'STORE_UNAVAILABLE'],
  [MISSING, 'STORE_DENIED'],
  [/The queue is full/, 'STORE_UNAVAILABLE'],
  [/\b(MISCONF|NOREPLICAS|BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN)\b/, 'STORE_UNAVAILABLE'],
];

/** Commands the scripts run, beside EVALSHA and EVAL. */
const COMMANDS =
  'get, set, del, pexpire, pttl, hmget, hset, zadd, zrem, zremrangebyscore, zrevrangebyscore, time, publish and info';

/**
 * The one place where errors of a client or of Redis become ours. `connected` says whether the client has its connection, `prefix` what it
 * puts before keys.
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

/** In the messages of node-redis and ioredis. A cluster of node-redis 5 that could not log in fails at `reading 'master'` of a slot. */
const LOSS =
  /clos|offline|connect|timed? ?out|abort|max retries|(root|startup) nodes|find node|redirections|slots cache|sentinel|master node|reading 'master'/i;

/**
 * Whether a command did not get through, or may not have. A system error has a code of its own (ECONNREFUSED, EPIPE). The clients'
 * errors have only their message, empty where a queued command timed out; a reply of the server's begins with a word in capitals.
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
  const reason = redact(text).trim().replace(/\.$/, ''); // where a sentence of ours follows, its full stop does, too
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
