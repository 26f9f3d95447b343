import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { elect, type Holder, observe } from 'rx-leader';
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

const reads = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
const channels = () => redis.pubSubChannels('{leader:*');

describe('observe', () => {
  it('emits each change of leader as it happens, though it reads only once a minute by itself', async () => {
    const seen: Array<{ holder: Holder | undefined; at: number }> = [];
    const observer = await server.client();
    const subscription = observe({ redis: observer, key: 'k', every: 60_000 }).subscribe((holder) =>
      seen.push({ holder, at: performance.now() }),
    );
    await until(async () => (await channels()).length === 1);
    const latencies: number[] = [];
    for (let terms = 1; terms <= 10; terms++) {
      const election = elect({ redis, key: 'k', ttl: 60_000 });
      const led = new Promise<number>((resolve) => {
        election.subscribe(({ role }) => role === 'leader' && resolve(performance.now()));
      });
      const from = await led;
      await until(() => seen.at(-1)?.holder?.id === election.term?.id);
      latencies.push((seen.at(-1)?.at ?? Number.NaN) - from);
      await election.close();
      await until(() => seen.at(-1)?.holder === undefined);
    }
    subscription.unsubscribe();
    expect(seen).toHaveLength(21); // nobody at first, and two changes a term
    // By timer alone it would be 1 / 2.
    expect(Number(latencies.sort((a, b) => a - b)[5]) / 60_000).toBeLessThan(1 / 100);
  });

  it('answers a flood of forged notices with at most one read in 10 ms, and emits the truth', async () => {
    const seen: Array<Holder | undefined> = [];
    const observer = await server.client();
    const subscription = observe({ redis: observer, key: 'k', every: 60_000 }).subscribe((holder) => seen.push(holder));
    await until(async () => (await channels()).length === 1);
    const [channel = ''] = await channels();
    const before = await reads();
    const begun = performance.now();
    const forged = JSON.stringify({ event: 'elected', id: 'forged', name: '', data: '', token: 1, ttl: 60_000 });
    for (let times = 0; times < 2_000; times += 20) {
      await Promise.all(Array.from({ length: 20 }, () => redis.publish(channel, forged)));
    }
    expect((await reads()) - before).toBeLessThan(3 + (performance.now() - begun) / 10);
    const election = elect({ redis, key: 'k', ttl: 60_000 });
    election.subscribe();
    await until(() => seen.at(-1) !== undefined);
    expect(seen.map((holder) => holder?.id)).toEqual([undefined, election.term?.id]);
    await election.close();
    subscription.unsubscribe();
  });

  it('leaves no connection behind', async () => {
    const listening = async () => (await redis.clientList()).filter(({ sub }) => sub > 0).length;
    // Connections of earlier specs may still be closing.
    await until(async () => (await listening()) === 0);
    const subscription = observe({ redis, key: 'k', every: 60_000 }).subscribe();
    await until(async () => (await listening()) === 1);
    subscription.unsubscribe();
    await until(async () => (await listening()) === 0);
  });
});
