import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Election, elect, replicated, type Transition } from 'rx-leader';
import { keysOf } from '../../lib/redis/keys.js';
import { listedAsHearing } from '../support/listed.js';
import { PACE } from '../support/pace.js';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { type Replicated, startReplica, startReplicated } from '../support/replicated.js';
import { until } from '../support/until.js';

const TTL = PACE * 3_000;
const TIMES = {
  ttl: TTL,
  wait: TTL / 4,
  jitter: 0,
  renewEvery: TTL / 4,
  timeout: (3 * TTL) / 20,
  drain: TTL / 4,
} as const;
/** The same for a follower that asks before its ttl is over only on a notice. */
const BY_NOTICE = { ttl: 10 * TTL, wait: 10 * TTL } as const;
/** Redis gets half of a request's timeout, because it checks its clock ten times a second. */
const REPLICAS = { replicas: 1, timeout: (3 * TTL) / 40 };
const KEY = 'replicated';

let servers: Replicated;
let master: RedisServer;
let replica: RedisServer;
let admin: Client;
const elections: Election[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  servers = await startReplicated();
  ({ master, replica, admin } = servers);
});
afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  replica.resume();
  await Promise.all(elections.splice(0).map((election) => election.close()));
  for (const client of clients.splice(0)) client.destroy();
});
beforeEach(async () => {
  await admin.flushAll();
  await servers.caughtUp();
});

async function connect(server = master, options: object = {}): Promise<Client> {
  const client = await server.client(options);
  clients.push(client);
  return client;
}

/** A transition and when it was emitted. */
type Told = Transition & { readonly on: number };

interface Standing {
  readonly election: Election;
  readonly told: Told[];
  /** The first transition with this role after the given number of transitions. */
  says(role: Transition['role'], after?: number): Promise<Told>;
}

async function stand(
  redis: Client,
  kind: 'replicated' | 'plain' = 'replicated',
  key = KEY,
  times: object = {},
): Promise<Standing> {
  const where = kind === 'plain' ? { redis } : { store: replicated(redis, REPLICAS) };
  const election = elect({ ...where, key, ...TIMES, ...times });
  const told: Told[] = [];
  elections.push(election);
  election.subscribe((transition) => told.push({ ...transition, on: performance.now() }));
  const says = (role: Transition['role'], after = 0) =>
    until(() => told.slice(after).find((one) => one.role === role), {
      every: 2,
      within: 4 * TTL,
      what: `${role} to be said`,
    });
  return { election, told, says };
}

const roles = ({ told }: Standing) => told.map(({ role }) => role);

const TOO_FEW = {
  role: 'error',
  error: expect.objectContaining({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(`0 of 1 replicas had it after ${REPLICAS.timeout} ms$`),
  }),
};

describe('a candidate that waits for replicas', () => {
  it('leads with healthy replicas, renews, and hands over by notice (G1, G5)', async () => {
    const a = await stand(await connect(), 'replicated', KEY, BY_NOTICE);
    await a.says('leader');
    const b = await stand(await connect(), 'replicated', KEY, BY_NOTICE);
    expect(await b.says('follower')).toMatchObject({ reason: 'standby', leader: { id: a.election.term?.id } });
    await listedAsHearing(admin, KEY, 1);
    const granted = performance.now() + (a.election.term?.remaining() ?? 0);
    await until(() => performance.now() + (a.election.term?.remaining() ?? 0) > granted + TTL / 2);
    const begun = performance.now();
    await a.election.close();
    expect(((await b.says('leader')).on - begun) / BY_NOTICE.ttl).toBeLessThan(1 / 8);
    expect([roles(a), roles(b)]).toEqual([
      ['leader', 'follower'],
      ['follower', 'leader'],
    ]);
  });

  it('does not lead if no replica has its lease, reports why, and leads once one has (G5)', async () => {
    replica.pause();
    const a = await stand(await connect());
    expect(await a.says('error')).toMatchObject(TOO_FEW);
    await until(() => performance.now() > (a.told[0]?.on ?? 0) + TTL); // it tries meanwhile
    expect(roles(a)).toEqual(['error']);
    const resumed = performance.now();
    replica.resume();
    const bound = TIMES.wait + 2 * TIMES.timeout;
    expect((await a.says('leader')).on - resumed).toBeLessThan(bound);
    expect(roles(a)).toEqual(['error', 'leader']);
  });

  it('does not lead without a replica, and does with one (G5)', async () => {
    await using lonely = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    const a = await stand(await connect(lonely));
    expect(await a.says('error')).toMatchObject(TOO_FEW);
    await using _ = await startReplica(lonely);
    await a.says('leader');
    expect(roles(a)).toEqual(['error', 'leader']);
    await a.election.close();
  });

  it('does not block candidates that do not wait for replicas (G5)', async () => {
    replica.pause();
    const a = await stand(await connect());
    await a.says('error');
    const client = await connect();
    const begun = performance.now();
    const b = await stand(client, 'plain');
    expect(((await b.says('leader')).on - begun) / TTL).toBeLessThan(1 / 2);
    expect(a.election.isLeading).toBe(false);
  });

  it('reports the error as steadily beside others: none repeatedly takes and releases the lease', async () => {
    replica.pause();
    const all = [await stand(await connect()), await stand(await connect()), await stand(await connect())];
    await Promise.all(all.map(({ says }) => says('error')));
    const before = all.map(({ told }) => told.length);
    const token = () => admin.hGet(keysOf(KEY).record, 'token');
    const taken = await token();
    const begun = performance.now();
    await until(() => performance.now() > begun + 2 * TTL, { within: 3 * TTL });
    expect(all.map(({ told }) => told.length)).toEqual(before);
    expect(await token()).toBe(taken);
    replica.resume();
    await until(() => all.some(({ election }) => election.isLeading));
  });

  it('leads at most until the deadline of the last confirmed renewal, and another follows (G1, G2, G5)', async () => {
    const a = await stand(await connect());
    await a.says('leader');
    const b = await stand(await connect(), 'plain');
    await b.says('follower');
    const { term } = a.election;
    replica.pause();
    const paused = performance.now();
    // No confirmed renewal is in flight any more.
    await until(() => paused + TIMES.renewEvery + TIMES.timeout < performance.now());
    const left = term?.remaining() ?? Number.NaN;
    const deadline = performance.now() + left;
    // This timer is as late as any other timer of this process.
    const tolled = sleep(left).then(() => performance.now());
    const ended = await a.says('follower');
    expect(ended).toMatchObject({ reason: 'expired' });
    expect((deadline - ended.on) / TTL).toBeLessThan(1 / 20);
    expect((ended.on - (await tolled)) / TTL).toBeLessThan(1 / 20);
    expect(deadline - paused).toBeLessThan(TTL);
    expect(await a.says('error')).toMatchObject(TOO_FEW);
    expect((await b.says('leader')).on - paused).toBeLessThan(TIMES.renewEvery + TTL + 2 * TIMES.timeout);
    expect(roles(a)).toEqual(['leader', 'follower', 'error']);
    await b.election.close();
    replica.resume();
    await a.says('leader', 2);
  });

  it('survives a shorter absence, and the loss of the connection that waits (G5)', async () => {
    const a = await stand(await connect(master, { name: 'steady' }));
    await a.says('leader');
    const { term } = a.election;
    replica.pause();
    const waits = async () =>
      (await admin.clientList()).find(({ name, flags }) => name === 'steady' && flags.includes('b'));
    const { id } = await until(waits, { every: 1, what: 'a renewal that waits' });
    replica.resume();
    await admin.clientKill({ filter: 'ID', id } as never);
    const begun = performance.now();
    await until(() => performance.now() > begun + TTL, { within: 2 * TTL });
    expect(a.election.term).toBe(term);
    expect(roles(a)).toEqual(['leader']);
  });

  it('survives an absence on a full server too: existing values can be written again (G5)', async () => {
    const a = await stand(await connect(master, { name: 'full' }));
    await a.says('leader');
    const { term } = a.election;
    await admin.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
    await using _ = { [Symbol.asyncDispose]: async () => void (await admin.configSet('maxmemory', '0')) };
    await expect(admin.set('x', 'y')).rejects.toThrow('OOM');
    replica.pause();
    await until(
      async () => (await admin.clientList()).some(({ name, flags }) => name === 'full' && flags.includes('b')),
      {
        every: 1,
        what: 'a renewal that waits',
      },
    );
    const paused = performance.now();
    await until(() => performance.now() > paused + TIMES.timeout, { every: 1 });
    replica.resume();
    await until(() => performance.now() > paused + TTL, { within: 2 * TTL });
    expect(a.election.term).toBe(term);
    expect(roles(a)).toEqual(['leader']);
  });

  it('works beside an election of the same client that waits for no replica', async () => {
    const client = await connect();
    const waiting = await stand(client);
    const other = await stand(client, 'plain', 'not replicated');
    await Promise.all([waiting.says('leader'), other.says('leader')]);
    const before = waiting.told.length;
    replica.pause();
    await waiting.says('error', before);
    expect([waiting.election.isLeading, other.election.isLeading]).toEqual([false, true]);
    replica.resume();
    await waiting.says('leader', before);
    expect(roles(other)).toEqual(['leader']);
  });

  it('leaves neither a connection nor a listener (G6)', async () => {
    const client = await connect(master, { name: 'clean' });
    const emitter = client as unknown as { eventNames(): unknown[]; listenerCount(name: unknown): number };
    const listeners = () => emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]);
    const connections = async () => (await admin.clientList()).filter(({ name }) => name === 'clean').length;
    const before = listeners();
    const a = await stand(client);
    await a.says('leader');
    await until(async () => (await connections()) === 3);
    await a.election.close();
    await until(async () => (await connections()) === 1);
    expect(listeners()).toEqual(before);
    // The same while it waits for replicas.
    replica.pause();
    const b = await stand(client);
    const isWaiting = async () =>
      (await admin.clientList()).some((one) => one.name === 'clean' && one.flags.includes('b'));
    await until(isWaiting, { every: 1, what: 'one to wait for replicas' });
    await b.election.close();
    await until(async () => (await connections()) === 1);
    expect(listeners()).toEqual(before);
    expect(await admin.get(keysOf(KEY).lease)).toBeNull();
  });
});

describe('a failover', () => {
  it('to a confirmed replica keeps the lease: nobody leads before its holder has stopped (G1)', async () => {
    const promoted = await replica.client();
    const follow = (host: string, port: string) => promoted.sendCommand(['REPLICAOF', host, port]);
    await follow('127.0.0.1', '1'); // it receives nothing any more
    const a = await stand(await connect());
    // On a slow machine, opening the waiting connection can take too long. Any error is accepted.
    expect(await until(() => a.told[0])).toMatchObject({ role: 'error' });
    await follow(master.host, String(master.port));
    await a.says('leader');
    await master.kill();
    const id = a.election.term?.id ?? '';
    await follow('NO', 'ONE');
    expect(await promoted.get(keysOf(KEY).lease)).toBe(id);
    const b = await stand(await connect(replica), 'plain');
    expect(await b.says('follower')).toMatchObject({ reason: 'standby', leader: { id } });
    expect(a.election.isLeading).toBe(true);
    const next = await b.says('leader');
    const ended = a.told.find(({ role }) => role === 'follower');
    expect(ended).toMatchObject({ reason: 'expired' });
    expect(ended?.on).toBeLessThan(next.on);
  });
});
