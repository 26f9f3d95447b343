import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { ElectionError, isUnsent } from '../../lib/port/errors.js';
import { NotSent } from '../../lib/redis/client-adapter.js';
import { toElectionError } from '../../lib/redis/translate.js';
import { leaks } from '../support/leaks.js';
import { acquireRequest } from './ask.js';

describe('translate', () => {
  const inScript = (text: string) =>
    `ERR Error running script (call to f_0123abcd): @user_script:42: @user_script: 42: ${text}`;

  // Redis 6.2 wraps the error of a command inside a script.
  it.each([
    ["-OOM command not allowed when used memory > 'maxmemory'.", 'STORE_FULL'],
    ["-READONLY You can't write against a read only replica.", 'STORE_READONLY'],
    ['-MISCONF Errors writing to the AOF file: No space left on device', 'STORE_UNAVAILABLE'],
    ['-NOREPLICAS Not enough good replicas to write.', 'STORE_UNAVAILABLE'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'KEY_CONFLICT'],
    ["The user executing the script can't run this command or subcommand", 'STORE_DENIED'],
    [
      "The user executing the script can't access at least one of the keys mentioned in the command arguments",
      'STORE_DENIED',
    ],
  ] as const)('maps "%s" inside a script of Redis 6.2 to %s', (text, code) => {
    expect(toElectionError(new Error(inScript(text)), acquireRequest(), true).code).toBe(code);
  });

  it.each([
    ["NOPERM ACL failure in script: User x has no permissions to run the 'hset' command", 'STORE_DENIED'],
    ["ERR ACL failure in script: User x has no permissions to run the 'hset' command", 'STORE_DENIED'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'STORE_DENIED'],
    ['ERR Protocol error: unauthenticated bulk length', 'STORE_DENIED'],
    ['ERR Protocol error: unauthenticated multibulk length', 'STORE_DENIED'],
    ['LOADING Redis is loading the dataset in memory', 'STORE_LOADING'],
    ['LOADING Valkey is loading the dataset in memory', 'STORE_LOADING'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'STORE_UNAVAILABLE'],
    ['Socket closed unexpectedly', 'STORE_UNAVAILABLE'],
    ['Connection timeout', 'STORE_UNAVAILABLE'],
    ['Disconnects client', 'STORE_UNAVAILABLE'],
    ['All the root nodes are unavailable', 'STORE_UNAVAILABLE'],
    ['Cannot find node 127.0.0.1:7001', 'STORE_UNAVAILABLE'],
    ["Cannot read properties of undefined (reading 'master')", 'STORE_UNAVAILABLE'],
    ['The command was aborted', 'STORE_UNAVAILABLE'],
    ['The queue is full', 'STORE_UNAVAILABLE'],
    ['', 'STORE_UNAVAILABLE'],
    ['None of the sentinels are available', 'STORE_UNAVAILABLE'],
    ['no valid master node', 'STORE_UNAVAILABLE'],
    ['Too many Cluster redirections', 'STORE_UNAVAILABLE'],
    // errors of ioredis
    ['Connection is closed.', 'STORE_UNAVAILABLE'],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'STORE_UNAVAILABLE'],
    ["Cluster isn't ready and enableOfflineQueue options is false", 'STORE_UNAVAILABLE'],
    ['Command timed out', 'STORE_UNAVAILABLE'],
    ['Command aborted due to connection close', 'STORE_UNAVAILABLE'],
    ['Reached the max retries per request limit (which is 20). Refer to "maxRetriesPerRequest"', 'STORE_UNAVAILABLE'],
    ['Failed to refresh slots cache.', 'STORE_UNAVAILABLE'],
    ['None of startup nodes is available', 'STORE_UNAVAILABLE'],
    ['Too many Cluster redirections. Last error: ReplyError: MOVED 1 127.0.0.1:1', 'STORE_UNAVAILABLE'],
    ['Too many Cluster redirections. Last error: ReplyError: READONLY no', 'STORE_READONLY'],
    ['All sentinels are unreachable and retry is disabled.', 'STORE_UNAVAILABLE'],
    ['ERR something new', 'STORE_REPLY'],
    ["ERR unknown command 'EVALSHA', with args beginning with: '0123' '3' ", 'STORE_DENIED'],
    ['ERR unknown command `eval`, with args beginning with: `return`, ', 'STORE_DENIED'],
    ["ERR unknown command 'WAIT', with args beginning with: '1' '50' ", 'STORE_DENIED'],
    ['ERR Unknown Redis command called from script script: 0123, on @user_script:5.', 'STORE_DENIED'],
    ['ERR Error running script: @user_script: 5: Unknown Redis command called from Lua script', 'STORE_DENIED'],
    ["ERR unknown command 'EVALUATE', with args beginning with: ", 'STORE_REPLY'],
    ['ERR the connection of this word to a connection is none', 'STORE_REPLY'],
    ['Something else altogether', 'STORE_REPLY'],
  ] as const)('maps "%s" to %s', (text, code) => {
    expect(toElectionError(new Error(text), acquireRequest(), true).code).toBe(code);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'DEPTH_ZERO_SELF_SIGNED_CERT'])(
    'maps a system error %s to STORE_UNAVAILABLE',
    (code) => {
      const error = Object.assign(new Error('whatever it says'), { code });
      expect(toElectionError(error, acquireRequest(), true).code).toBe('STORE_UNAVAILABLE');
    },
  );

  it('maps an error of another realm, as Node’s own are under jest', () => {
    const error = runInNewContext('Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })');
    expect(error).not.toBeInstanceOf(Error);
    expect(toElectionError(error, acquireRequest(), true)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'acquire of "an election" failed: read ECONNRESET',
    });
  });

  it('maps unknown errors to a connection failure while the client is not connected', () => {
    expect(toElectionError(new Error('Something else altogether'), acquireRequest(), false).code).toBe(
      'STORE_UNAVAILABLE',
    );
    expect(toElectionError(new Error('WRONGTYPE x'), acquireRequest(), false).code).toBe('KEY_CONFLICT');
  });

  it('names the keys as they are in Redis', () => {
    const denied = toElectionError(new Error('NOPERM no'), acquireRequest(), true, 'app:');
    expect(denied.message).toMatch(
      /~app:leader:\w+, ~app:\{leader:\w+\}:record and ~app:.*, the channel &app:\{leader:/,
    );
    expect(denied.message).toContain(', best also &app:leader:inbox:*,');
    const taken = toElectionError(new Error('WRONGTYPE no'), acquireRequest(), true, 'app:');
    expect(taken.message).toMatch(/keys app:leader:\w+ and app:\{/);
    const listed = toElectionError(new Error('WRONGTYPE no'), { ...acquireRequest(), verb: 'list' }, true, 'app:');
    expect(listed.message).toMatch(/WRONGTYPE no\. The key app:\{leader:\w+\}:candidates belongs to the election;/);
  });

  it('returns an ElectionError unchanged', () => {
    const error = new ElectionError('STORE_REPLY', 'no sense');
    expect(toElectionError(error, acquireRequest(), true)).toBe(error);
  });

  it('accepts thrown values that are not an Error', () => {
    const error = toElectionError('OOM', acquireRequest(), true);
    expect([error.code, error.cause]).toEqual(['STORE_FULL', 'OOM']);
    for (const nothing of [undefined, null]) {
      expect(toElectionError(nothing, acquireRequest(), true).code).toBe('STORE_REPLY');
    }
  });

  it('puts one full stop after the quoted error', () => {
    for (const said of ['READONLY no', 'READONLY no.', 'READONLY no. ']) {
      expect(toElectionError(new Error(said), acquireRequest(), true).message).toBe(
        'acquire of "an election" failed: READONLY no. Give a client that is connected to the master',
      );
    }
  });

  it('names a missing command wait, without the keys', () => {
    for (const command of ['wait', 'WAIT']) {
      const error = new Error(`NOPERM User app has no permissions to run the '${command}' command`);
      const { code, message } = toElectionError(error, acquireRequest(), true);
      expect([code, message]).toEqual([
        'STORE_DENIED',
        expect.stringMatching(/the user needs the command wait as well$/),
      ]);
    }
  });

  it.each([
    ["ERR unknown command 'EVALSHA', with args beginning with: '1' ", /EVALSHA and EVAL, and EVALSHA is missing$/],
    ['ERR unknown command `eval`, with args beginning with: `1`, ', /EVALSHA and EVAL, and EVAL is missing$/],
    [
      "ERR unknown command 'wait', with args beginning with: '1' ",
      /Over replicated\(\) the server needs the command WAIT$/,
    ],
    ['ERR Unknown Redis command called from script script: 0123', /The scripts need the commands get, set, /],
  ])('names the missing command: %s', (said, hint) => {
    expect(toElectionError(new Error(said), acquireRequest(), true).message).toMatch(hint);
  });

  it('keeps a copy of the client’s error without its extra properties', () => {
    const command = { name: 'auth', args: ['app', 's3cret'] };
    const given = Object.assign(new Error('WRONGPASS no'), { name: 'ReplyError', code: 'E', command });
    const error = toElectionError(given, acquireRequest(), true);
    expect(leaks(given, 's3cret')).not.toEqual([]);
    expect(leaks(error, 's3cret')).toEqual([]);
    expect(error.cause).toMatchObject({ name: 'ReplyError', message: 'WRONGPASS no', code: 'E', stack: given.stack });
  });

  it('redacts credentials in the quoted error', () => {
    for (const said of [
      "ERR unknown command 'AUTH', with args beginning with: 'app' 's3cret' ",
      'connect redis://app:s3cret@host failed',
    ]) {
      const error = toElectionError(new Error(said), acquireRequest(), true);
      expect(error.message).toContain('[redacted]');
      expect(leaks(error, 's3cret')).toEqual([]);
    }
  });

  it('marks a request that was never sent, with any connection', () => {
    for (const connected of [true, false]) {
      const error = toElectionError(new NotSent(new Error('The queue is full')), acquireRequest(), connected);
      expect([error.code, isUnsent(error)]).toEqual(['STORE_UNAVAILABLE', true]);
      expect(error).toMatchObject({
        message: expect.stringMatching(/: The queue is full$/),
        cause: { message: 'The queue is full' },
      });
    }
    expect(isUnsent(toElectionError(new Error('The queue is full'), acquireRequest(), true))).toBe(false);
  });

  it('says that the client gave no reason', () => {
    expect(toElectionError(new Error(''), acquireRequest(), true).message).toBe(
      'acquire of "an election" failed: the client gave no reason',
    );
  });
});
