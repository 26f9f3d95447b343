import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createClientPool } from 'redis';
import { type Election, elect } from 'rx-leader';
import { catchError, firstValueFrom, forkJoin, from, type Observable, of } from 'rxjs';
import type { RenewReply, RenewRequest } from '../../lib/port/lease-store.js';
import { adapterOf } from '../../lib/redis/client.js';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { startClusterOfOne } from '../support/cluster-of-one.js';
import { PACE } from '../support/pace.js';
import type { Client } from '../support/redis.js';
import { until } from '../support/until.js';
import { acquireRequest, callsOf } from './ask.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();

const TTL = 60_000;

interface Held {
  readonly key: string;
  readonly token: number;
  readonly run?: string;
}

/** Acquires the leases of these elections for `me`. */
function holding(client: Client, ...keys: string[]): Promise<Held[]> {
  const store = redisStore(client);
  return Promise.all(
    keys.map(async (key) => {
      const reply = await firstValueFrom(from(store.acquire(acquireRequest({ key }))));
      if (reply.status !== 'granted') throw new Error(`${key} is ${reply.status}`);
      return { key, token: reply.token, ...(reply.run !== undefined && { run: reply.run }) };
    }),
  );
}

const renewal = ({ key, token, run }: Held, more: Partial<RenewRequest> = {}): RenewRequest => ({
  verb: 'renew',
  timeout: 10_000,
  id: 'me',
  name: 'my name',
  ttl: TTL,
  key,
  token,
  ...(run !== undefined && { run }),
  ...more,
});

type Outcome = Pick<RenewReply, 'status'> | { readonly code: string };

const outcome = (client: Client, request: RenewRequest): Observable<Outcome> =>
  from(redisStore(client).renew(request)).pipe(catchError((error: { code: string }) => of({ code: error.code })));

/** The outcomes of several renewals of one turn. */
const renewTogether = (client: Client, ...requests: RenewRequest[]) =>
  firstValueFrom(forkJoin(requests.map((request) => outcome(client, request))));

const names = (count: number) => Array.from({ length: count }, (_, i) => `election ${i}`);

describe('renewals of one client', () => {
  it('share a request if they are made in one turn, up to 256', async () => {
    const held = await holding(redis.client, ...names(514));
    await renewTogether(redis.client, ...held.slice(0, 2).map((one) => renewal(one))); // now the server knows the script
    for (const [count, requests] of [
      [512, 2],
      [514, 3],
    ] as const) {
      const replies: Outcome[] = [];
      const calls = await callsOf(redis.client, async () => {
        replies.push(...(await renewTogether(redis.client, ...held.slice(0, count).map((one) => renewal(one)))));
      });
      expect(calls).toEqual({ evalsha: requests, eval: 0 });
      expect(replies.map((reply) => 'status' in reply && reply.status)).toEqual(Array(count).fill('renewed'));
    }
  });

  it('each extend their own lease and record, by their own ttl', async () => {
    const held = await holding(redis.client, 'a', 'b', 'c', 'd');
    const before = await Promise.all(held.map(({ key }) => redis.client.hGetAll(keysOf(key).record)));
    const replies = await renewTogether(
      redis.client,
      ...held.map((one) => renewal(one, { ttl: one.key < 'c' ? 5_000 : 90_000 })),
    );
    for (const [i, { key }] of held.entries()) {
      const { lease, record } = keysOf(key);
      const left = await redis.client.pTTL(lease);
      const [least, most] = i < 2 ? [0, 5_000] : [TTL, 90_000]; // each was granted for TTL
      expect(left).toBeGreaterThan(least);
      expect(left).toBeLessThanOrEqual(most);
      const { until: till, at: _, ...written } = await redis.client.hGetAll(record);
      expect({ ...before[i] }).toEqual({ ...written, until: expect.any(String), at: expect.any(String) });
      expect(replies[i]).toEqual({ status: 'renewed', until: Number(till), time: expect.any(Number) });
    }
  });

  it('keep the peak of a record that was written by a clock ahead of the present one', async () => {
    const held = await holding(redis.client, 'a', 'b');
    const ahead = String(Date.now() + 1e6);
    await redis.client.hSet(keysOf('b').record, 'at', ahead);
    for (let n = 0; n < 2; n++) await renewTogether(redis.client, ...held.map((one) => renewal(one)));
    expect(await redis.client.hmGet(keysOf('a').record, ['peak'])).toEqual(['0']);
    const [at = '', peak] = await redis.client.hmGet(keysOf('b').record, ['at', 'peak']);
    expect(peak).toBe(ahead);
    expect(Number(at)).toBeLessThan(Number(peak));
  });

  it('write the whole record if it is not as it was granted', async () => {
    const held = await holding(redis.client, 'fine', 'other id', 'other token', 'other run', 'none');
    for (const [key, field] of [
      ['other id', 'id'],
      ['other token', 'token'],
      ['other run', 'run'],
    ] as const) {
      await redis.client.hSet(keysOf(key).record, field, '1');
    }
    await redis.client.del(keysOf('none').record);
    await renewTogether(redis.client, ...held.map((one) => renewal(one, { name: 'new' })));
    for (const { key, token, run = '' } of held) {
      const { id, token: written, run: server, db, name } = await redis.client.hGetAll(keysOf(key).record);
      const by = `${server}:${db}`;
      const isWhole = key !== 'fine' && key !== 'other run';
      expect([key, id, written, by, name]).toEqual([key, 'me', String(token), run, isWhole ? 'new' : 'my name']);
    }
  });

  it('return the present run to those that ask for it', async () => {
    const [a, b, c, d] = (await holding(redis.client, 'a', 'b', 'c', 'd')).map((one) =>
      renewal(one, { run: 'before' }),
    );
    if (!a || !b || !c || !d) throw new Error('there are four');
    const asking = [a, b].map((one) => ({ ...one, asksRun: true as const }));
    const run = /run_id:(\w+)/.exec(await redis.client.info('server'))?.[1];
    await renewTogether(redis.client, c, d); // now the server knows the script
    const replies: Outcome[] = [];
    const calls = await callsOf(redis.client, async () => {
      replies.push(...(await renewTogether(redis.client, ...asking, c, d)));
    });
    expect(calls).toEqual({ evalsha: 2, eval: 0 });
    expect(replies.map((reply) => 'run' in reply && reply.run)).toEqual([run, run, false, false]);
    expect(await redis.client.hGet(keysOf('a').record, 'run')).toBe('before');
  });

  it('each write their own run if different runs granted their leases', async () => {
    const held = await holding(redis.client, 'a', 'b', 'c');
    await renewTogether(redis.client, ...held.map((one) => renewal(one, { run: one.key < 'c' ? 'old' : 'new' })));
    const written = await Promise.all(held.map(({ key }) => redis.client.hGet(keysOf(key).record, 'run')));
    expect(written).toEqual(['old', 'old', 'new']);
  });

  it('have no effect if they are late, in any order', async () => {
    const [a, b] = await holding(redis.client, 'a', 'b');
    const late = renewal(a as Held, { notAfter: 1 });
    const inTime = renewal(b as Held, { notAfter: Date.now() + TTL });
    expect(await renewTogether(redis.client, late, inTime)).toMatchObject([{ status: 'late' }, { status: 'renewed' }]);
    expect(await renewTogether(redis.client, inTime, late)).toMatchObject([{ status: 'renewed' }, { status: 'late' }]);
  });

  it('each have their own outcome, as if sent alone', async () => {
    const keys = ['fine', 'foreign', 'vanished', 'released', 'late', 'no lease', 'no record'] as const;
    const held = await holding(redis.client, ...keys);
    const { client } = redis;
    const { lease } = keysOf('foreign');
    await client.set(lease, 'somebody', { expiration: { type: 'PX', value: TTL } });
    await client.del(keysOf('vanished').lease);
    await firstValueFrom(
      from(redisStore(client).release({ verb: 'release', key: 'released', id: 'me', timeout: TTL })),
    );
    await client.multi().del(keysOf('no lease').lease).rPush(keysOf('no lease').lease, 'a list').exec();
    await client.multi().del(keysOf('no record').record).rPush(keysOf('no record').record, 'a list').exec();
    const requests = held.map((one) => renewal(one, one.key === 'late' ? { notAfter: 1 } : {}));
    const replies = await renewTogether(client, ...requests);
    expect(
      Object.fromEntries(replies.map((reply, i) => [keys[i], 'status' in reply ? reply.status : reply.code])),
    ).toEqual({
      fine: 'renewed',
      foreign: 'lost',
      vanished: 'renewed', // restored
      released: 'lost',
      late: 'late',
      'no lease': 'KEY_CONFLICT',
      'no record': 'KEY_CONFLICT',
    });
    expect(replies[1]).toMatchObject({ holder: { id: 'somebody' } });
    expect(await client.get(keysOf('vanished').lease)).toBe('me');
    expect(await client.get(lease)).toBe('somebody');
  });

  it('are sent without one that is unsubscribed before', async () => {
    const held = await holding(redis.client, 'a', 'b', 'c');
    const before = await redis.client.hGetAll(keysOf('b').record);
    const [a, b, c] = held.map((one) => redisStore(redis.client).renew(renewal(one, { ttl: 2 * TTL })));
    const given = from(b ?? []).subscribe();
    const others = firstValueFrom(forkJoin([from(a ?? []), from(c ?? [])]));
    given.unsubscribe();
    expect(await others).toMatchObject([{ status: 'renewed' }, { status: 'renewed' }]);
    expect(await redis.client.hGetAll(keysOf('b').record)).toEqual(before);
  });

  it('succeed beside one with a broken record, which is repaired, and one with forbidden keys', async () => {
    await redis.client.aclSetUser('narrow', ['on', '>pw', '~*', '&*', '+@all']);
    const client = await redis.server.client({ username: 'narrow', password: 'pw' });
    const held = await holding(client, 'fine', 'odd', 'denied');
    await redis.client.hSet(keysOf('odd').record, 'token', '99999999999999999');
    const known = ['fine', 'odd'].map((key) => `~*${keysOf(key).lease}*`);
    await redis.client.aclSetUser('narrow', ['resetkeys', ...known]);
    const replies = await renewTogether(client, ...held.map((one) => renewal(one)));
    expect(replies).toMatchObject([{ status: 'renewed' }, { status: 'renewed' }, { code: 'STORE_DENIED' }]);
    expect(await redis.client.hGet(keysOf('odd').record, 'token')).toBe(String(held[1]?.token));
    const others = await renewTogether(client, ...held.slice(0, 2).map((one) => renewal(one)));
    expect(others).toMatchObject([{ status: 'renewed' }, { status: 'renewed' }]);
  });

  it('each fail with the reason if all are refused', async () => {
    await redis.client.aclSetUser('app', ['on', '>pw', '~*', '&*', '+@all']);
    const client = await redis.server.client({ username: 'app', password: 'pw' });
    const held = await holding(client, 'a', 'b');
    await redis.client.aclSetUser('app', ['-evalsha', '-eval']);
    const denied = await renewTogether(client, ...held.map((one) => renewal(one)));
    expect(denied).toEqual([{ code: 'STORE_DENIED' }, { code: 'STORE_DENIED' }]);
  });

  it('are sent one by one to a server with slots', async () => {
    await using one = await startClusterOfOne();
    const client = one.admin;
    const held = await holding(client, 'a', 'b', 'c');
    const asked = jest.spyOn(adapterOf(client), 'evalSha');
    expect(await renewTogether(client, ...held.map((one) => renewal(one)))).toMatchObject(
      held.map(() => ({ status: 'renewed' })),
    );
    expect(asked).toHaveBeenCalledTimes(1 + 3); // one failed batch
    asked.mockClear();
    const run = expect.stringMatching(/^\w{40}:0$/); // a slot may move without an event
    expect(await renewTogether(client, ...held.map((one) => renewal(one)))).toMatchObject(
      held.map(() => ({ status: 'renewed', run })),
    );
    expect(asked).toHaveBeenCalledTimes(3);
  });
});

describe('renewals of a pool', () => {
  const run = async () => `${/run_id:(\w+)/.exec(await redis.client.info('server'))?.[1]}:0`;

  async function pool() {
    const made = createClientPool({ url: redis.server.url }, { minimum: 1 });
    made.on('error', () => {});
    await made.connect();
    return { client: made as unknown as Client, [Symbol.asyncDispose]: async () => made.destroy() };
  }

  it('share a request, too', async () => {
    await using by = await pool();
    const held = await holding(by.client, ...names(20));
    const renew = () => renewTogether(by.client, ...held.map((one) => renewal(one)));
    await renew(); // now the server knows the script
    const calls = await callsOf(redis.client, async () => {
      expect(await renew()).toMatchObject(held.map(() => ({ status: 'renewed' })));
    });
    expect(calls).toEqual({ evalsha: 1, eval: 0 });
  });

  it('always return the run, alone and together, since a pool emits no reconnections', async () => {
    await using by = await pool();
    const told = { status: 'renewed', run: await run() };
    const held = await holding(by.client, 'a', 'b');
    expect(await renewTogether(by.client, ...held.map((one) => renewal(one)))).toMatchObject([told, told]);
    expect(await renewTogether(by.client, renewal(held[0] as Held))).toMatchObject([told]);
  });

  it('differ from those of a client, which return the run only on request', async () => {
    const held = await holding(redis.client, 'a', 'b');
    const requests = held.map((one) => renewal(one));
    for (const some of [requests, requests.slice(0, 1)]) {
      for (const reply of await renewTogether(redis.client, ...some)) expect(reply).not.toHaveProperty('run');
    }
  });
});

describe('many elections of one process', () => {
  const elections: Election[] = [];

  afterEach(async () => {
    await Promise.all(elections.splice(0).map((election) => election.close()));
  });

  it('renew together, and lose their leases separately', async () => {
    const count = 200;
    const times = { ttl: PACE * 4_000, jitter: 0, renewEvery: PACE * 800 };
    elections.push(...names(count).map((key) => elect({ redis: redis.client, key, ...times })));
    const told = elections.map(() => [] as string[]);
    for (const [i, election] of elections.entries()) {
      election.subscribe(({ role }) => told[i]?.push(role));
      if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 40)); // so that they are not in step
    }
    await until(() => elections.every(({ isLeading }) => isLeading), { what: 'all to lead' });
    const calls = await callsOf(redis.client, async () => {
      await new Promise((resolve) => setTimeout(resolve, 2 * times.renewEvery));
    });
    expect(calls.evalsha).toBeGreaterThan(3);
    expect(calls.evalsha).toBeLessThan(count); // for more than 400 renewals
    await redis.client.set(keysOf('election 7').lease, 'somebody', { expiration: { type: 'PX', value: TTL } });
    await until(() => told[7]?.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 2 * times.renewEvery));
    expect(told).toEqual(elections.map((_, i) => (i === 7 ? ['leader', 'follower'] : ['leader'])));
  });
});
