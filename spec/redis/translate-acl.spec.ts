import { describe, expect, it } from '@jest/globals';
import { keysOf } from '../../lib/redis/keys.js';
import { scripts } from '../../lib/redis/scripts.js';
import { redisStore } from '../../lib/redis/store.js';
import { startRedis } from '../support/redis.js';
import { acquire, expectFailure, failure, KEY, list, read, release, renew } from './ask.js';
import { useRedis } from './use-redis.js';

const { lease, record, candidates, channel } = keysOf(KEY);

describe('the error for a user without permission', () => {
  const LISTING = ['zadd', 'zrem', 'zremrangebyscore', 'zrevrangebyscore'];
  const ALLOWED = ['get', 'set', 'del', 'pexpire', 'pttl', 'hmget', 'hset', ...LISTING, 'time', 'publish', 'info'];
  const COMMANDS = ['evalsha', 'eval', ...ALLOWED];
  /** Commands that an election can do without, at some cost. */
  const OPTIONAL = [...LISTING.filter((command) => command !== 'zrevrangebyscore'), 'publish', 'info'];

  const redis = useRedis();

  /** Sends every request as a user with only these `rules`. */
  async function askAll(...rules: string[]): Promise<void> {
    const username = `user${Math.random()}`;
    await redis.client.scriptFlush(); // so that EVAL is needed
    await redis.client.aclSetUser(username, ['on', '>pw', 'resetchannels', ...rules]);
    const store = redisStore(await redis.server.client({ username, password: 'pw' }));
    await acquire(store);
    await renew(store);
    await read(store);
    await release(store);
    await acquire(store, { lastToken: 2 ** 52 });
    await list(store);
  }

  const may = (...commands: string[]) => commands.map((command) => `+${command}`);
  const known = [`~${lease}`, `~${record}`, `~${candidates}`, `&${channel}`];

  it('is absent for a user with exactly the permissions that the message names', async () => {
    const granted = askAll(...known, ...may(...COMMANDS));
    await expect(granted).resolves.toBeUndefined();
    const { message } = await failure(askAll(...known));
    expect(message.match(/~leader:\w+|~\{leader:\w+\}:(?:record|candidates)|&\{leader:\w+\}:events/g)).toEqual(known);
    const named = /the commands ([\w, ]+)$/.exec(message)?.[1]?.split(/, | and /);
    expect(named?.sort()).toEqual([...COMMANDS].sort());
  });

  it('names every command that the scripts call', () => {
    const called = Object.values(scripts).flatMap(({ source }) => [...source.matchAll(/redis\.p?call\('(\w+)'/g)]);
    expect([...new Set(called.map(([, command]) => command?.toLowerCase()))].sort()).toEqual([...ALLOWED].sort());
  });

  it.each(COMMANDS.filter((command) => !OPTIONAL.includes(command)))('is STORE_DENIED without %s', async (missing) => {
    const rights = may(...COMMANDS.filter((command) => command !== missing));
    await expectFailure(askAll(...known, ...rights), 'STORE_DENIED', 'needs the keys');
  });

  it.each(OPTIONAL)('is absent without %s', async (missing) => {
    const rights = may(...COMMANDS.filter((command) => command !== missing));
    await expect(askAll(...known, ...rights)).resolves.toBeUndefined();
  });

  it.each([
    ['lease', [`~${record}`, `~${candidates}`]],
    ['record', [`~${lease}`, `~${candidates}`]],
    ['candidates', [`~${lease}`, `~${record}`]],
  ])('is STORE_DENIED without the key of the %s', async (_, keys) => {
    const message = await expectFailure(askAll(...keys, ...may(...COMMANDS)), 'STORE_DENIED', /NOPERM/);
    expect(message).toContain(`~${lease}, ~${record} and ~${candidates}`);
  });

  it('is STORE_DENIED without a login, and says what to check', async () => {
    await using closed = await startRedis({ args: ['--requirepass', 'secret'] });
    for (const [ask, said] of [
      [acquire, 'unauthenticated multibulk length'],
      [read, 'NOAUTH'],
    ] as const) {
      // RESP 3 cannot even connect. `as 3`, since this file's types only know RESP 3 clients.
      const client = await closed.client({ RESP: 2 as 3 });
      const message = await expectFailure(ask(redisStore(client)), 'STORE_DENIED', said);
      expect(message).toMatch(/username and password/);
      expect(message).not.toMatch(/needs the keys/);
    }
  });
});
