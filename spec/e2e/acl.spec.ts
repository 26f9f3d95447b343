import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Election, elect, observe, type Transition } from 'rx-leader';
import { firstValueFrom } from 'rxjs';
import { keysOf } from '../../lib/redis/keys.js';
import { PACE } from '../support/pace.js';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { ACL_RULE } from './fixtures/acl-rule.js';

const TTL = PACE * 2_400;
/** Generous for a busy machine: a request that times out would emit an unexpected error. */
const TIMES = { wait: TTL / 6, jitter: 0, renewEvery: TTL / 6, timeout: TTL / 6 } as const;
const KEY = 'acl';

let server: RedisServer;
let admin: Client;
const elections: Election[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  server = await startRedis();
  admin = await server.client();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await admin.flushAll();
  await admin.scriptFlush(); // otherwise EVAL would not be needed any more
  await admin.aclDelUser('app');
  await admin.aclLogReset();
});

afterEach(async () => {
  await Promise.all(elections.splice(0).map((election) => election.close()));
  for (const client of clients.splice(0)) client.destroy();
});

/** Creates the user `app` with the rule, without the given part of it. */
async function allow(without?: string): Promise<void> {
  const words = ACL_RULE.split(' ');
  if (without !== undefined) expect(words).toContain(without);
  await admin.sendCommand(words.filter((word) => word !== without));
}

async function connect(): Promise<Client> {
  const client = await server.client({ username: 'app', password: 'secret' });
  clients.push(client);
  return client;
}

/** A candidate of the user `app`, on its own connection by default. */
async function stand(redis?: Client, key = KEY): Promise<{ election: Election; told: Transition[] }> {
  const election = elect({ redis: redis ?? (await connect()), key, ttl: TTL, ...TIMES });
  const told: Transition[] = [];
  elections.push(election);
  election.subscribe((transition) => told.push(transition));
  await until(() => told.length > 0);
  return { election, told };
}

const leases = () => admin.keys('leader:*');
const channels = () => admin.pubSubChannels('{leader:*');

/** Collects everything published about any election. */
async function listen(): Promise<string[]> {
  const heard: string[] = [];
  const subscriber = await server.client();
  clients.push(subscriber);
  await subscriber.pSubscribe('{leader:*', (message) => heard.push(JSON.parse(message).event));
  return heard;
}

const DENIED = { role: 'error', error: expect.objectContaining({ code: 'STORE_DENIED' }) };

describe('the rule', () => {
  it('is quoted word for word in the guide to production', () => {
    expect(readFileSync('docs/guide/production.md', 'utf8').split('\n')).toContain(ACL_RULE);
  });

  it('allows electing, standing by, renewing, observing, resigning, handing over and publishing without a denial', async () => {
    await allow();
    const heard = await listen();
    const first = await stand();
    expect(first.told).toMatchObject([{ role: 'leader' }]);
    const second = await stand();
    expect(second.told).toMatchObject([
      { role: 'follower', reason: 'standby', leader: { id: first.election.term?.id } },
    ]);
    expect(await first.election.candidates()).toHaveLength(1);
    const seen = await firstValueFrom(observe({ redis: await connect(), key: KEY }));
    expect(seen).toMatchObject({ id: first.election.term?.id, token: first.election.term?.token });

    const deadline = () => performance.now() + (first.election.term?.remaining() ?? Number.NaN);
    const granted = deadline();
    await until(() => deadline() > granted + TTL / 2, { what: 'several renewals' });
    expect(first.told).toHaveLength(1);

    expect(await first.election.resign({ cooldown: 10 * TTL })).toBe(true);
    await until(() => second.election.isLeading);
    await second.election.close();
    expect(await leases()).toEqual([]);
    await until(() => heard.length === 4);
    expect(heard).toEqual(['elected', 'released', 'elected', 'released']);
    expect(await isLeft()).toBe(true);
    // Servers that know CLIENT SETINFO refuse it here, which node-redis ignores.
    const denied = (await admin.aclLog()).filter(({ object }) => !object.startsWith('client'));
    expect(denied).toEqual([]);
  });

  it('applies to database 0; another database also needs +select', async () => {
    await allow();
    const options = { username: 'app', password: 'secret', database: 1, socket: { reconnectStrategy: false } } as const;
    await expect(server.client(options)).rejects.toThrow('NOPERM');
    await admin.aclSetUser('app', '+select');
    clients.push(await server.client(options));
  });
});

/** The effect of leaving out each part, and how to prove it. The user already lacks the part. */
const WITHOUT: Record<string, [effect: string, proof: () => Promise<void>]> = {
  '~leader:*': ['nobody is elected', refused],
  '~{leader:*': ['nobody is elected', refused],
  '+evalsha': ['nobody is elected', refused],
  '+eval': ['nobody is elected where the server does not know the scripts yet', refused],
  '+get': ['nobody is elected', refused],
  '+set': ['nobody is elected', refused],
  '+hmget': ['nobody is elected', refused],
  '+hset': ['nobody is elected', refused],
  '+time': ['nobody is elected', refused],
  '+pexpire': ['no term is renewed', expires],
  '+pttl': ['nobody can stand by, nor observe', onlyLeads],
  '+del': ['a lease is not released, and runs out instead', keepsItsLease],
  '&{leader:*': ['all works, but nothing is published, nor listened to', isSilent],
  '&leader:inbox:*': [
    'all works, but everyone is told of a release at once',
    async () => {
      await handsOver();
      expect(await isToldAlone()).toBe(false);
    },
  ],
  '+publish': ['all works, but nothing is published', isSilent],
  '+subscribe': ['all works, but nobody listens', isDeaf],
  '+unsubscribe': [
    'all works, but what is published of one election still comes while the client has another',
    async () => expect(await isLeft()).toBe(false),
  ],
  '+zadd': [
    'all works, but nobody is listed as standing by',
    async () => expect(await listedAs('follower')).toBe(false),
  ],
  '+zrem': [
    'all works, but who leads is listed as standing by',
    async () => expect(await listedAs('leader')).toBe(true),
  ],
  '+zremrangebyscore': [
    'all works, but who is long gone stays on the list',
    async () => expect(await forgets()).toBe(false),
  ],
  '+zrevrangebyscore': ['all works, but who stands by cannot be told', cannotTell],
  '+info': [
    'all works, but a fresh candidate does not notice that the data is from an older run of the server',
    isGullible,
  ],
};

describe('the rule without one part', () => {
  it('is tested for every part', () => {
    expect(Object.keys(WITHOUT).sort()).toEqual(ACL_RULE.match(/(?<= )[~&+]\S+/g)?.sort());
  });

  it.each(Object.entries(WITHOUT).map(([part, [effect, proof]]) => [part, effect, proof] as const))(
    '%s: %s',
    async (part, _, proof) => {
      await allow(part);
      await proof();
    },
  );

  it.each([
    ['lists who stands by', () => listedAs('follower'), true],
    ['does not list who leads', () => listedAs('leader'), false],
    ['forgets who is long gone', forgets, true],
    ['tells one alone of a release', isToldAlone, true],
  ] as const)('in contrast %s with the whole rule', async (_, look, found) => {
    await allow();
    expect(await look()).toBe(found);
  });

  it('in contrast, +info detects that the data is from an older run, and a lost lease is waited out', async () => {
    await allow();
    expect(await afterRestoring()).toMatchObject({ role: 'follower', reason: 'standby' });
  });
});

async function refused(): Promise<void> {
  const { told } = await stand();
  expect(told).toMatchObject([DENIED]);
  expect(await leases()).toEqual([]);
}

async function expires(): Promise<void> {
  const { told } = await stand();
  await until(() => told.length === 3);
  expect(told).toMatchObject([{ role: 'leader' }, { role: 'follower', reason: 'expired' }, DENIED]);
}

async function onlyLeads(): Promise<void> {
  expect((await stand()).told).toMatchObject([{ role: 'leader' }]);
  expect((await stand()).told).toMatchObject([DENIED]);
  const observed = firstValueFrom(observe({ redis: await connect(), key: KEY }));
  await expect(observed).rejects.toMatchObject({ code: 'STORE_DENIED' });
}

async function keepsItsLease(): Promise<void> {
  const { election, told } = await stand();
  expect(await election.resign()).toBe(false);
  expect(told).toMatchObject([{ role: 'leader' }, { role: 'follower', reason: 'resigned' }]);
  expect(await leases()).toHaveLength(1);
}

async function handsOver(): Promise<void> {
  const first = await stand();
  const second = await stand();
  expect(await first.election.resign()).toBe(true);
  await until(() => second.election.isLeading);
  await second.election.close();
  expect(await leases()).toEqual([]);
}

/** Whether the leader after a hand-over, or its follower, is listed as standing by. */
async function listedAs(role: 'leader' | 'follower'): Promise<boolean> {
  const first = await stand();
  const second = await stand();
  await first.election.resign({ cooldown: TTL / 12 });
  await until(() => second.election.isLeading);
  const id = second.election.term?.id;
  const standing = async () =>
    (await second.election.candidates()).filter((one) => (one.id === id) === (role === 'leader'));
  await until(async () => (await standing()).length > 0, { within: TTL / 2 }).catch(() => {});
  return (await standing()).length > 0;
}

/** Whether another candidate's request removes a stale candidate from the list. */
async function forgets(): Promise<boolean> {
  const { election } = await stand();
  const { candidates } = keysOf(KEY);
  await admin.zAdd(candidates, { score: Date.now() - 10 * TTL, value: '{"id":"gone","name":"","data":""}' });
  await stand();
  const listed = await admin.zRange(candidates, 0, -1);
  await election.close();
  return !listed.some((member) => member.includes('gone'));
}

async function cannotTell(): Promise<void> {
  await handsOver();
  const { election } = await stand();
  await expect(election.candidates()).rejects.toMatchObject({ code: 'STORE_DENIED' });
}

/** Whether a release can notify one standing candidate alone. */
async function isToldAlone(): Promise<boolean> {
  await stand();
  await stand();
  const scores = async () => (await admin.zRangeWithScores(keysOf(KEY).candidates, 0, -1)).map(({ score }) => score);
  await until(async () => (await scores()).length > 0);
  const isTold = async () => (await scores()).some((score) => score % 1 === 0);
  await until(isTold, { within: TTL / 2 }).catch(() => {});
  return isTold();
}

async function isSilent(): Promise<void> {
  const heard = await listen();
  await handsOver();
  // All earlier messages have arrived by then.
  await admin.publish('{leader:}', '{"event":"the end"}');
  await until(() => heard.length > 0);
  expect(heard).toEqual(['the end']);
}

async function isDeaf(): Promise<void> {
  const heard = await listen();
  await handsOver();
  await until(() => heard.length === 4);
  const { told } = await stand();
  const refusals = async () => (await admin.aclLog()).filter(({ object }) => object === 'subscribe');
  await until(async () => (await refusals()).length > 0);
  expect(told).toMatchObject([{ role: 'leader' }]);
  expect(await channels()).toEqual([]);
}

/** Whether the election unsubscribes from its channel while the client keeps another. */
async function isLeft(): Promise<boolean> {
  const before = (await channels()).length;
  const client = await connect();
  const { election } = await stand(client, 'one');
  await stand(client, 'other');
  await until(async () => (await channels()).length === before + 2);
  await election.close();
  expect(await leases()).toHaveLength(1);
  await until(async () => (await channels()).length < before + 2, { within: TTL / 2 }).catch(() => {});
  return (await channels()).length === before + 1;
}

async function isGullible(): Promise<void> {
  // The overlap with a leader that the old data does not contain ends at that leader's next
  // renewal.
  expect(await afterRestoring()).toMatchObject({ role: 'leader' });
}

/**
 * The first transition of a candidate at a server whose data, with a free lease, was saved by an
 * earlier run.
 */
async function afterRestoring(): Promise<Transition | undefined> {
  const { election } = await stand();
  await election.close();
  const [record] = await admin.keys('{leader:*');
  if (record === undefined) throw new Error('no record');
  await admin.hSet(record, 'run', 'another');
  return (await stand()).told[0];
}
