import { describe, expect, it } from '@jest/globals';
import { PACE } from '../support/pace.js';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import {
  type Candidate,
  type CandidateOptions,
  candidatesOfEachSpec,
  expectNext,
  expectNoTransition,
  transitionsOf,
} from './candidates.js';

/**
 * Long enough that a busy machine alone costs neither a leader its lease nor a request its time.
 */
const TTL = PACE * 3_000;
const TIMES = { ttl: TTL, wait: TTL / 10, jitter: 10, timeout: (3 * TTL) / 20 } as const;
const KEY = 'weather';

// One process for each candidate, because only a process shows a crash or an unhandled rejection.
const start = candidatesOfEachSpec();
const stand = (server: RedisServer, more: Partial<CandidateOptions> = {}): Candidate =>
  start({ url: server.url, key: KEY, ...TIMES, ...more });

/** The only lease in Redis, whatever its value. */
const leaseOf = async (client: Client): Promise<string | undefined> => (await client.keys('leader:*'))[0];

describe('Redis cannot be used in its current state', () => {
  it('is down at the start: emits STORE_UNAVAILABLE, and leads by itself when it comes up', async () => {
    await using server = await startRedis();
    await server.stop();
    const candidate = stand(server);
    await expectNext(candidate, { role: 'error', code: 'STORE_UNAVAILABLE', message: containing('ECONNREFUSED') });
    await expectNoTransition([candidate], 5 * TIMES.wait); // one cause, one error
    await server.start();
    await expectNext(candidate, { role: 'leader' });
  });

  it.each(['another password', 'a password, and got none'])(
    'requires %s: emits STORE_DENIED and what to check, and leads by itself when allowed',
    async (wants) => {
      await using server = await startRedis({ args: ['--requirepass', 'right'] });
      const admin = await server.client({ password: 'right' });
      const candidate = stand(server, wants === 'another password' ? { password: 'wrong' } : {});
      const { message } = await expectNext(candidate, { role: 'error', code: 'STORE_DENIED' });
      expect(message).toMatch(/(NOAUTH|WRONGPASS|unauthenticated) .*[^.]\. Check the username and password/);
      await admin.configSet('requirepass', wants === 'another password' ? 'wrong' : '');
      await expectNext(candidate, { role: 'leader' });
    },
  );

  it('forbids a command: emits STORE_DENIED, naming all that is needed, and leads by itself when allowed', async () => {
    await using server = await startRedis();
    const admin = await server.client();
    await admin.aclSetUser('app', ['on', '>secret', '~*', '&*', '+@all', '-hset']);
    const candidate = stand(server, { username: 'app', password: 'secret' });
    const { message } = await expectNext(candidate, { role: 'error', code: 'STORE_DENIED' });
    for (const needed of [/~leader:\w{32}/, /~\{leader:\w{32}\}:record/, /&\{leader:\w{32}\}:events/]) {
      expect(message).toMatch(needed);
    }
    for (const command of ['evalsha', 'eval', 'get', 'set', 'hset', 'publish', 'info'])
      expect(message).toContain(command);
    await admin.aclSetUser('app', '+hset');
    await expectNext(candidate, { role: 'leader' });
  });
});

describe('a foreign value is stored at the lease’s key', () => {
  const values = {
    'a list': (client, key) => client.lPush(key, ['precious', 'data']),
    'a string without expiry': (client, key) => client.set(key, 'precious data'),
  } satisfies Record<string, (client: Client, key: string) => Promise<unknown>>;

  it.each(Object.entries(values))(
    '%s: emits KEY_CONFLICT, leaves it untouched, and leads when it is gone',
    async (_, put) => {
      await using server = await startRedis();
      const client = await server.client();
      const probe = stand(server);
      await expectNext(probe, { role: 'leader' });
      const lease = await leaseOf(client);
      if (lease === undefined) throw new Error('no lease');

      await client.del(lease);
      await put(client, lease);
      const before = await client.dump(lease);
      // During a term, it ends the term: first follower, then the error (G2).
      await expectNext(probe, { role: 'follower', reason: 'lost' });
      await expectNext(probe, { role: 'error', code: 'KEY_CONFLICT', message: containing(lease) });
      const late = stand(server);
      await expectNext(late, { role: 'error', code: 'KEY_CONFLICT', message: containing(lease) });
      await expectNoTransition([probe, late], 5 * TIMES.wait);
      expect(await client.dump(lease)).toEqual(before);

      await client.del(lease);
      await until(() => [probe, late].some((one) => transitionsOf(one).at(-1)?.role === 'leader'));
    },
  );
});

describe('Redis fails under a leader', () => {
  const pair = async (server: RedisServer) => {
    const leader = stand(server);
    const { token = 0, id } = await expectNext(leader, { role: 'leader' });
    const follower = stand(server);
    await expectNext(follower, { role: 'follower', reason: 'standby' });
    return { leader, follower, token, id };
  };

  it('and restarts empty in time: the next renewal restores the lease, and nobody changes (G1)', async () => {
    await using server = await startRedis();
    const { leader, follower, id } = await pair(server);
    await server.restart();
    const client = await server.client();
    const lease = await until(() => leaseOf(client), { what: 'the lease to be put back' });
    expect(await client.get(lease)).toBe(id);
    await expectNoTransition([leader], 1.5 * TTL);
    expect(transitionsOf(follower).map(({ role }) => role)).not.toContain('leader');
    expect(await client.get(lease)).toBe(id);
  });

  it('for longer than a ttl: follower first, then the error, once; afterwards one leads again, with a higher token (G2, G3, G5)', async () => {
    await using server = await startRedis();
    const { leader, follower, token } = await pair(server);
    await server.kill();
    await expectNext(leader, { role: 'follower', reason: 'expired', isLeading: false });
    await expectNext(leader, { role: 'error', code: 'STORE_UNAVAILABLE' });
    await expectNext(follower, { role: 'error', code: 'STORE_UNAVAILABLE' });
    await expectNoTransition([leader, follower], TTL / 2);

    await server.start();
    const pairs = [leader, follower];
    const recovered = () => pairs.map((one) => transitionsOf(one).at(-1)?.role).sort();
    await until(() => recovered().join() === 'follower,leader', { what: 'one to lead and the other to stand by' });
    const next = pairs.map((one) => transitionsOf(one).at(-1)).find((one) => one?.role === 'leader');
    expect(next?.token).toBeGreaterThan(token);
  });
});

describe('a subscriber throws', () => {
  it('at each transition: reported as in RxJS, and all others continue', async () => {
    await using server = await startRedis();
    const candidate = stand(server, { throws: true });
    await expectNext(candidate, { role: 'leader' });
    await candidate.next(({ event }) => event === 'uncaughtException');
    await expectNoTransition([candidate], 1.2 * TTL); // it is renewed beyond its first ttl
    candidate.signal('SIGTERM');
    await expectNext(candidate, { role: 'follower', reason: 'closed' });
    expect(await candidate.exit).toEqual({ code: 0, signal: null });
    expect(await leaseOf(await server.client())).toBeUndefined();
  });
});

function containing(part: string): string {
  return expect.stringContaining(part) as unknown as string;
}
