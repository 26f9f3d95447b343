import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Election, elect, type Term } from 'rx-leader';
import { keysOf } from '../../lib/redis/keys.js';
import { listedAsHearing } from '../support/listed.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/**
 * Long, so that nothing happens by time: no lease, no `wait`, and no named successor's time ends
 * during a spec. The last is a fortieth of the ttl.
 */
const TIMES = { ttl: 600_000, wait: 600_000, jitter: 0 };

describe('a graceful hand-over', () => {
  const elections: Election[] = [];

  afterEach(async () => {
    await Promise.all(elections.splice(0).map((election) => election.close()));
  });

  it('takes no wait: followers are notified of the release (G5)', async () => {
    const admin = await server.client();
    for (let i = 0; i < 4; i += 1) {
      const election = elect({ redis: await server.client(), key: 'handed over', ...TIMES });
      election.subscribe();
      elections.push(election);
      await until(() => election.role !== undefined);
    }
    await listedAsHearing(admin, 'handed over', 3);
    const took: number[] = [];
    const tokens: number[] = [];
    while (elections.length > 1) {
      const leader = elections.find(({ isLeading }) => isLeading) as Election;
      tokens.push(leader.term?.token ?? 0);
      elections.splice(elections.indexOf(leader), 1);
      const begun = performance.now();
      const closed = leader.close();
      await until(() => elections.some(({ isLeading }) => isLeading), { every: 1, what: 'a next leader' });
      took.push(performance.now() - begun);
      await closed;
    }
    expect(Math.max(...took)).toBeLessThan(TIMES.ttl / 100);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  });

  it('takes no lease after a restart of the server either: the leader renews at once and detects it (G5)', async () => {
    await using other = await startRedis();
    const times = { ttl: 30_000, renewEvery: 10_000, wait: 500, jitter: 0 };
    const [leader, follower] = await Promise.all(
      ['leader', 'follower'].map(async (name) => {
        const redis = await other.client();
        return elect({ redis, key: 'restarted', name, ...times, preflight: false });
      }),
    );
    if (!leader || !follower) throw new Error('there are two');
    elections.push(follower, leader);
    leader.subscribe();
    await until(() => leader.isLeading);
    follower.subscribe();
    await until(() => follower.role === 'follower');
    const { term } = leader;
    await other.restart();
    const restarted = performance.now();
    const admin = await other.client();
    const run = /run_id:(\w+)/.exec(await admin.info('server'))?.[1];
    const { record } = keysOf('restarted');
    await until(async () => (await admin.hGet(record, 'id')) === term?.id && (await admin.hGet(record, 'run')) === run);
    expect((performance.now() - restarted) / times.renewEvery).toBeLessThan(1 / 4);
    await listedAsHearing(admin, 'restarted', 1);
    expect(leader.term).toBe(term);
    const begun = performance.now();
    await leader.close();
    await until(() => follower.isLeading, { every: 1, within: times.ttl, what: 'a next leader' });
    expect((performance.now() - begun) / times.ttl).toBeLessThan(1 / 10);
  });

  it('wakes one, however many wait', async () => {
    const admin = await server.client();
    const key = 'one of many';
    elections.push(...Array.from({ length: 30 }, () => elect({ redis: admin, key, ...TIMES })));
    for (const election of elections) election.subscribe();
    await until(() => elections.every(({ role }) => role !== undefined), { what: 'everybody to stand' });
    const requests = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    const leader = elections.find(({ isLeading }) => isLeading) as Election;
    await listedAsHearing(admin, key, 29);
    const before = await requests();
    await leader.close();
    await until(() => elections.some(({ isLeading }) => isLeading), { every: 1, what: 'a next leader' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await requests()) - before).toBe(2); // a release, an acquire
  });

  it('notifies only the successor, and the others when it leads; nothing of the old leader remains', async () => {
    const admin = await server.client();
    const key = 'one is told';
    for (let i = 0; i < 3; i += 1) {
      const election = elect({ redis: await server.client(), key, ...TIMES });
      election.subscribe();
      elections.push(election);
      await until(() => election.role !== undefined);
    }
    await listedAsHearing(admin, key, 2);
    const heard: unknown[] = [];
    const { channel, candidates } = keysOf(key);
    const listener = await server.client();
    await listener.subscribe(channel, (text) => heard.push(JSON.parse(text)));
    const [leader, ...others] = elections as [Election, Election, Election];
    const { id } = leader.term as Term;
    const seen: Array<string | undefined> = [];
    const watching = others.map(({ leaders }) => leaders.subscribe((holder) => seen.push(holder?.id)));
    await leader.close();
    const next = others.find(({ isLeading }) => isLeading) as Election;
    const { token, id: successor } = next.term as Term;
    await until(() => heard.length >= 2);
    expect(heard).toEqual([
      { event: 'released', id, successor },
      expect.objectContaining({ event: 'elected', id: successor, token }),
    ]);
    await until(() => seen.filter((one) => one === successor).length === 2, { what: 'both to know who leads' });
    for (const each of watching) each.unsubscribe();
    for (const each of [next, ...others]) await each.close();
    expect(await admin.exists(candidates)).toBe(0);
  });

  it('takes only a quarter of a timeout more if the successor is gone', async () => {
    const admin = await server.client();
    const key = 'one is gone';
    const timeout = 8_000;
    for (let i = 0; i < 2; i += 1) {
      const election = elect({ redis: await server.client(), key, ...TIMES, timeout });
      election.subscribe();
      elections.push(election);
      await until(() => election.role !== undefined);
    }
    await listedAsHearing(admin, key, 1);
    const gone = { id: 'gone/1', name: 'gone', data: '', inbox: 'leader:inbox:gone' };
    const [seconds] = (await admin.sendCommand(['TIME'])) as [string, string];
    await admin.zAdd(keysOf(key).candidates, { score: (Number(seconds) + 1) * 1_000, value: JSON.stringify(gone) });
    const [leader, other] = elections as [Election, Election];
    const begun = performance.now();
    await leader.close();
    await until(() => other.isLeading, { every: 1 });
    const took = performance.now() - begun;
    expect(took / timeout).toBeGreaterThan(0.95 / 4);
    expect(took / timeout).toBeLessThan(2 / 4);
  });

  it('elects the next leader at the end of the lease without notices: the channel is forbidden', async () => {
    const admin = await server.client();
    await admin.aclSetUser('mute', ['on', '>secret', '~*', '+@all', 'resetchannels']);
    const login = { username: 'mute', password: 'secret' };
    const times = { ttl: 2_000, wait: 200, jitter: 0 };
    const a = elect({ redis: await server.client(login), key: 'mute', ...times });
    const b = elect({ redis: await server.client(login), key: 'mute', ...times });
    a.subscribe();
    await until(() => a.isLeading);
    b.subscribe();
    await until(() => b.role === 'follower');
    const begun = performance.now();
    await a.close();
    await until(() => b.isLeading, { every: 1 });
    expect(performance.now() - begun).toBeLessThan(times.ttl);
    await b.close();
  });
});
