import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { elect, whileLeader } from 'rx-leader';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

let server: RedisServer;
let redis: Client;

beforeAll(async () => {
  server = await startRedis();
  redis = await server.client();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describe('the work of several elections on one client', () => {
  it('starts and ends each in the async context of its own subscription', async () => {
    const tenants = new AsyncLocalStorage<string>();
    const names = ['a', 'b', 'c', 'd'];
    const rival = await server.client();
    const leaders = names.map((name) => elect({ redis: rival, key: name }));
    for (const leader of leaders) leader.subscribe();
    await until(() => leaders.every((leader) => leader.isLeading));

    const seen: string[] = [];
    const record = (name: string, what: string) => void seen.push(`${name}: ${what} of ${tenants.getStore()}`);
    const elections = names.map((name) => {
      const election = elect({ redis, key: name });
      const work = election.pipe(
        whileLeader((term) => {
          record(name, 'work');
          term.signal.addEventListener('abort', () => record(name, 'abort'));
          return () => record(name, 'cleanup');
        }),
      );
      tenants.run(name, () => work.subscribe());
      return election;
    });
    await until(() => elections.every((election) => election.role === 'follower'));
    await Promise.all(leaders.map((leader) => leader.close()));
    await until(() => elections.every((election) => election.isLeading));
    await tenants.run('closer', () => Promise.all(elections.map((election) => election.close())));
    const expected = ['work', 'abort', 'cleanup'].flatMap((what) => names.map((name) => `${name}: ${what} of ${name}`));
    expect(seen.sort()).toEqual(expected.sort());
  });
});

describe('a generator', () => {
  it('is awaited within a step before the lease is released (G7)', async () => {
    const ttl = 5_000;
    const seen: string[] = [];
    const stands = (name: string, client: Client) => {
      const election = elect({ redis: client, key: 'jobs', ttl });
      async function* jobs() {
        for (;;) {
          seen.push(`${name} begins`);
          await sleep(ttl / 25);
          seen.push(`${name} ends`);
          yield;
        }
      }
      election.pipe(whileLeader(jobs)).subscribe();
      return election;
    };
    const first = stands('first', redis);
    await until(() => seen.length > 0);
    const second = stands('second', await server.client());
    await until(() => second.role === 'follower');
    const steps = seen.length;
    await until(() => seen.length > steps && seen.at(-1) === 'first begins');
    await first.close();
    await until(() => seen.includes('second ends'));
    await second.close();
    const handOver = seen.indexOf('second begins');
    expect([seen[handOver - 1], seen.lastIndexOf('first begins'), seen.at(-1)]).toEqual([
      'first ends',
      handOver - 2,
      'second ends',
    ]);
  });
});
