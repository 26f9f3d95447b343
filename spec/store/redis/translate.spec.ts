import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { ElectionError, type ElectionErrorCode } from '../../../lib/errors.js';
import { keysOf } from '../../../lib/store/redis/keys.js';
import { scripts } from '../../../lib/store/redis/scripts.js';
import { redisStore } from '../../../lib/store/redis/store.js';
import { translate } from '../../../lib/store/redis/translate.js';
import { startRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';
import { acquire, acquireRequest, failure, KEY, read, release, renew } from './ask.js';
import { useRedis } from './use-redis.js';

const { lease, record, channel } = keysOf(KEY);

/** That `asked` fails with `code`, names verb and key, says what Redis said and keeps Redis's own error. */
async function expectFailure(asked: Promise<unknown>, code: ElectionErrorCode, said: string | RegExp): Promise<string> {
  const error = await failure(asked);
  expect(error).toBeInstanceOf(ElectionError);
  expect([error.code, error.message]).toEqual([
    code,
    expect.stringMatching(/^(acquire|renew|release|read) of "an election" failed: /),
  ]);
  expect(error.message).toMatch(said);
  expect(error.cause).toBeInstanceOf(Error);
  return error.message;
}

describe('what Redis says, really', () => {
  it('is STORE_FULL at maxmemory', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    await client.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
    await expectFailure(acquire(redisStore(client)), 'STORE_FULL', 'OOM');
  });

  it('is STORE_READONLY at a replica, which still tells who leads', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await expectFailure(acquire(redisStore(client)), 'STORE_READONLY', 'READONLY');
    expect((await read(redisStore(client))).status).toBe('free');
  });

  it('is STORE_UNAVAILABLE at a replica that has lost its master and serves nothing stale', async () => {
    await using redis = await startRedis({ args: ['--replica-serve-stale-data', 'no'] });
    const client = await redis.client();
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await expectFailure(read(redisStore(client)), 'STORE_UNAVAILABLE', 'MASTERDOWN');
  });

  it('is STORE_UNAVAILABLE where replicas are missing', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    await client.configSet('min-replicas-to-write', '1');
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'NOREPLICAS');
  });

  it('is STORE_UNAVAILABLE where the disk has failed', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
    await using redis = await startRedis({ args: ['--dir', dir, '--save', '3600 1'] });
    const client = await redis.client();
    await rm(dir, { recursive: true });
    await client.bgSave();
    await until(async () => /rdb_last_bgsave_status:err/.test(await client.info('persistence')));
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'MISCONF');
  });

  it('is STORE_UNAVAILABLE while a script of somebody’s runs on and on', async () => {
    await using redis = await startRedis({ args: ['--lua-time-limit', '1'] });
    const [client, other] = [await redis.client(), await redis.client()];
    await client.scriptLoad(scripts.read.source);
    const endless = other.eval('while true do end').catch((error: Error) => error);
    await until(async () => /BUSY/.test(String(await client.ping().catch(String))));
    await expectFailure(read(redisStore(client)), 'STORE_UNAVAILABLE', 'BUSY');
    await client.sendCommand(['SCRIPT', 'KILL']);
    await endless;
  });

  it('is STORE_UNAVAILABLE at a Cluster node that serves no slots', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
    await using redis = await startRedis({ args: ['--cluster-enabled', 'yes', '--dir', dir] });
    const client = await redis.client();
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'CLUSTERDOWN');
    await rm(dir, { recursive: true });
  });

  it('is STORE_LOADING while the data set is read', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
    const args = ['--dir', dir, '--enable-debug-command', 'yes', '--loading-process-events-interval-bytes', '1024'];
    await using redis = await startRedis({ args });
    const [client, other] = [await redis.client(), await redis.client()];
    for (let i = 0; i < 60; i++) await client.set(`key${i}`, String(Math.random()).repeat(20));
    await client.configSet('key-load-delay', '20000'); // µs for each key
    const reload = other.sendCommand(['DEBUG', 'RELOAD']);
    await until(async () => /LOADING/.test(String(await client.ping().catch(String))));
    await expectFailure(read(redisStore(client)), 'STORE_LOADING', 'LOADING');
    await redis.kill();
    await reload.catch(() => {});
    await rm(dir, { recursive: true });
  });

  it('is KEY_CONFLICT, with the keys, where something else is stored under them', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    const store = redisStore(client);
    await client.set(lease, 'no expiry');
    const message = await expectFailure(acquire(store), 'KEY_CONFLICT', 'LEASECONFLICT');
    expect(message).toContain(lease);
    expect(message).toContain(record);
    await client.del(lease);
    await client.sAdd(lease, 'member');
    for (const asked of [acquire(store), renew(store), release(store), read(store)]) {
      await expectFailure(asked, 'KEY_CONFLICT', 'WRONGTYPE');
    }
  });

  it('is STORE_REPLY where it is nothing that is known', async () => {
    await using redis = await startRedis({ args: ['--rename-command', 'EVALSHA', ''] });
    await expectFailure(acquire(redisStore(await redis.client())), 'STORE_REPLY', /unknown command/i);
  });
});

describe('what Redis says to a user without the rights', () => {
  const ALLOWED = ['get', 'set', 'del', 'pexpire', 'pttl', 'hmget', 'hset', 'time', 'publish', 'info'];
  const COMMANDS = ['evalsha', 'eval', ...ALLOWED];

  const redis = useRedis();

  /** Every request, of a user who may do what `rules` allow and nothing else. */
  async function askAll(...rules: string[]): Promise<void> {
    const username = `user${Math.random()}`;
    await redis.client.scriptFlush(); // or EVAL is never needed
    await redis.client.aclSetUser(username, ['on', '>pw', 'resetchannels', ...rules]);
    const store = redisStore(await redis.server.client({ username, password: 'pw' }));
    await acquire(store);
    await renew(store);
    await read(store);
    await release(store);
    await acquire(store, { lastToken: 2 ** 52 });
  }

  const may = (...commands: string[]) => commands.map((command) => `+${command}`);
  const known = [`~${lease}`, `~${record}`, `&${channel}`];

  it('is nothing, if it has just the rights that the message names', async () => {
    const granted = askAll(...known, ...may(...COMMANDS));
    await expect(granted).resolves.toBeUndefined();
    const { message } = await failure(askAll(...known));
    expect(message.match(/~leader:\w+|~\{leader:\w+\}:record|&\{leader:\w+\}:events/g)).toEqual(known);
    const named = /the commands ([\w, ]+)$/.exec(message)?.[1]?.split(/, | and /);
    expect(named?.sort()).toEqual([...COMMANDS].sort());
  });

  it('names every command that the scripts call', () => {
    const called = Object.values(scripts).flatMap(({ source }) => [...source.matchAll(/redis\.p?call\('(\w+)'/g)]);
    expect([...new Set(called.map(([, command]) => command?.toLowerCase()))].sort()).toEqual([...ALLOWED].sort());
  });

  it.each(COMMANDS.filter((command) => !['publish', 'info'].includes(command)))(
    'is STORE_DENIED without %s',
    async (missing) => {
      const rights = may(...COMMANDS.filter((command) => command !== missing));
      await expectFailure(askAll(...known, ...rights), 'STORE_DENIED', 'needs the keys');
    },
  );

  it.each(['publish', 'info'])('is nothing without %s', async (missing) => {
    const rights = may(...COMMANDS.filter((command) => command !== missing));
    await expect(askAll(...known, ...rights)).resolves.toBeUndefined();
  });

  it.each([
    ['lease', [`~${record}`]],
    ['record', [`~${lease}`]],
  ])('is STORE_DENIED without the key of the %s', async (_, keys) => {
    const message = await expectFailure(askAll(...keys, ...may(...COMMANDS)), 'STORE_DENIED', /NOPERM/);
    expect(message).toContain(`~${lease} and ~${record}`);
  });

  it('is STORE_DENIED to one who has not logged in, and says what to check', async () => {
    await using closed = await startRedis({ args: ['--requirepass', 'secret'] });
    for (const [ask, said] of [
      [acquire, 'unauthenticated multibulk length'],
      [read, 'NOAUTH'],
    ] as const) {
      // RESP 3 cannot even connect. (3 for the compiler, which knows clients of that only here.)
      const client = await closed.client({ RESP: 2 as 3 });
      const message = await expectFailure(ask(redisStore(client)), 'STORE_DENIED', said);
      expect(message).toMatch(/username and password/);
      expect(message).not.toMatch(/needs the keys/);
    }
  });
});

describe('what the client says', () => {
  it('is STORE_UNAVAILABLE where it has been closed', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    client.destroy();
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'closed');
  });

  it('is STORE_UNAVAILABLE where it was never connected', async () => {
    await expectFailure(acquire(redisStore(createClient())), 'STORE_UNAVAILABLE', 'closed');
  });

  it('is STORE_UNAVAILABLE where it has lost its server and queues nothing', async () => {
    await using redis = await startRedis();
    const client = await redis.client({ disableOfflineQueue: true });
    await redis.kill();
    await until(() => !client.isReady);
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'offline');
  });

  it('is STORE_UNAVAILABLE where the server dies with the request', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    redis.pause();
    const asked = failure(acquire(redisStore(client)));
    await redis.kill();
    expect((await asked).code).toBe('STORE_UNAVAILABLE');
  });
});

describe('translate', () => {
  const inScript = (text: string) =>
    `ERR Error running script (call to f_0123abcd): @user_script:42: @user_script: 42: ${text}`;

  // As Redis 6.2 wraps what a command says inside a script.
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
  ] as const)('knows "%s" inside a script of Redis 6.2 as %s', (text, code) => {
    expect(translate(new Error(inScript(text)), acquireRequest(), true).code).toBe(code);
  });

  it.each([
    ["NOPERM ACL failure in script: User x has no permissions to run the 'hset' command", 'STORE_DENIED'],
    ["ERR ACL failure in script: User x has no permissions to run the 'hset' command", 'STORE_DENIED'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'STORE_DENIED'],
    ['LOADING Redis is loading the dataset in memory', 'STORE_LOADING'],
    ['LOADING Valkey is loading the dataset in memory', 'STORE_LOADING'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'STORE_UNAVAILABLE'],
    ['Socket closed unexpectedly', 'STORE_UNAVAILABLE'],
    ['Connection timeout', 'STORE_UNAVAILABLE'],
    ['All the root nodes are unavailable', 'STORE_UNAVAILABLE'],
    ['Cannot find node 127.0.0.1:7001', 'STORE_UNAVAILABLE'],
    ['The command was aborted', 'STORE_UNAVAILABLE'],
    ['', 'STORE_UNAVAILABLE'],
    ['ERR something new', 'STORE_REPLY'],
    ['ERR the connection of this word to a connection is none', 'STORE_REPLY'],
    ['Something else altogether', 'STORE_REPLY'],
  ] as const)('knows "%s" as %s', (text, code) => {
    expect(translate(new Error(text), acquireRequest(), true).code).toBe(code);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'DEPTH_ZERO_SELF_SIGNED_CERT'])(
    'knows a system error %s as STORE_UNAVAILABLE',
    (code) => {
      const error = Object.assign(new Error('whatever it says'), { code });
      expect(translate(error, acquireRequest(), true).code).toBe('STORE_UNAVAILABLE');
    },
  );

  it('knows an error of another realm, as Node’s own are under jest', () => {
    const error = runInNewContext('Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })');
    expect(error).not.toBeInstanceOf(Error);
    expect(translate(error, acquireRequest(), true)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'acquire of "an election" failed: read ECONNRESET',
    });
  });

  it('takes whatever it cannot make sense of for a failure of the connection, while there is none', () => {
    expect(translate(new Error('Something else altogether'), acquireRequest(), false).code).toBe('STORE_UNAVAILABLE');
    expect(translate(new Error('WRONGTYPE x'), acquireRequest(), false).code).toBe('KEY_CONFLICT');
  });

  it('leaves errors of ours as they are', () => {
    const error = new ElectionError('STORE_REPLY', 'no sense');
    expect(translate(error, acquireRequest(), true)).toBe(error);
  });

  it('takes what is thrown without being an Error', () => {
    const error = translate('OOM', acquireRequest(), true);
    expect([error.code, error.cause]).toEqual(['STORE_FULL', 'OOM']);
    expect(translate(undefined, acquireRequest(), true).code).toBe('STORE_REPLY');
  });

  it('says that there was no reason where the client gave none', () => {
    expect(translate(new Error(''), acquireRequest(), true).message).toBe(
      'acquire of "an election" failed: the client gave no reason',
    );
  });
});
