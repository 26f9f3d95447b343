import { beforeEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom, from } from 'rxjs';
import { redisStore } from '../../../lib/redis/store.js';
import { until } from '../../support/until.js';
import { useRedis } from '../use-redis.js';
import { LONG, ScriptBench } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;

beforeEach(async () => {
  bench = new ScriptBench(redis.client);
  await bench.acquire({ id: 'leader' });
});

/** The candidates, and the time of each one's last attempt. */
async function listed(ttl?: number): Promise<Array<{ id: string; at: number }>> {
  const { status, rest } = await bench.list(ttl);
  expect(status).toBe('listed');
  const found: Array<{ id: string; at: number }> = [];
  for (let i = 0; i < rest.length; i += 2) found.push({ ...JSON.parse(rest[i] as string), at: Number(rest[i + 1]) });
  return found;
}

const ids = async (ttl?: number) => (await listed(ttl)).map(({ id }) => id);

/** Lists `id` as if its attempt was `age` ms ago. */
async function listAt(id: string, age: number): Promise<void> {
  const value = JSON.stringify({ id, name: 'my name', data: '' });
  await bench.client.zAdd(bench.keys.candidates, { score: (await bench.now()) - age, value });
}

describe('the list of candidates', () => {
  it('has each refused candidate once, with name, data and the time of its last attempt', async () => {
    const odd = '"quoted" \\ /slashed/ \u0001 ключ 🗝';
    await bench.acquire({ id: 'a', name: odd, data: odd });
    await bench.acquire({ id: 'b' });
    await bench.pastThisMs();
    const { now } = await bench.acquire({ id: 'a', name: odd, data: odd });
    const [a, ...others] = await listed();
    expect(a).toEqual({ id: 'a', name: odd, data: odd, inbox: '', at: now });
    expect(others).toEqual([expect.objectContaining({ id: 'b', name: 'my name', data: '' })]);
  });

  it('has candidates that wait after a loss', async () => {
    await bench.loseLease();
    expect((await bench.acquire({ id: 'a', seen: 2 ** 52 })).status).toBe('suspect');
    expect(await ids()).toEqual(['a']);
  });

  it('does not have the leader: a grant removes the candidate', async () => {
    await bench.acquire({ id: 'a' });
    await bench.release('leader');
    expect((await bench.acquire({ id: 'a' })).status).toBe('granted');
    expect(await ids()).toEqual([]);
  });

  it('has the time of a candidate that does not receive releases, too', async () => {
    const { now } = await bench.acquire({ id: 'deaf', hears: false });
    expect(await listed()).toEqual([expect.objectContaining({ id: 'deaf', at: now + 0.5 })]);
  });

  it('removes candidates older than one and a half ttls, or from the future after a clock change', async () => {
    await listAt('gone', 1.6 * LONG);
    await listAt('there', 1.4 * LONG);
    await listAt('ahead', -LONG);
    expect(await ids()).toEqual(['ahead', 'there']); // without the expired one
    await bench.acquire({ id: 'a' });
    expect(await bench.client.zCard(bench.keys.candidates)).toBe(2);
    expect(await ids()).toEqual(['a', 'there']);
    expect(await ids(LONG / 10)).toEqual(['a']);
  });

  it('expires two ttls after the last attempt', async () => {
    await bench.acquire({ id: 'a', ttl: 50 });
    expect(await bench.client.pTTL(bench.keys.candidates)).toBeGreaterThan(50);
    await until(async () => (await bench.client.exists(bench.keys.candidates)) === 0, { what: 'the list to be gone' });
  });

  it('is not needed: leases work if something else is stored there', async () => {
    await bench.client.set(bench.keys.candidates, 'something else');
    expect((await bench.acquire({ id: 'a' })).status).toBe('held');
    expect((await bench.release('leader')).status).toBe('released');
    expect((await bench.acquire({ id: 'a' })).status).toBe('granted');
    await expect(bench.list()).rejects.toThrow('WRONGTYPE');
    const asked = redisStore(bench.client).list?.({ verb: 'list', key: 'an election', timeout: LONG, ttl: LONG }) ?? [];
    await expect(firstValueFrom(from(asked))).rejects.toMatchObject({
      code: 'KEY_CONFLICT',
      message: expect.stringContaining(`The key ${bench.keys.candidates} belongs to the election`),
    });
  });

  it.each(['5', 'null', 'true', 'no JSON', '{"id":7}', '{"id":""}', '{"id":[]}', '{}'])(
    'ignores a foreign member %s, and still has the real candidates',
    async (value) => {
      await bench.acquire({ id: 'a', hears: false });
      await bench.client.zAdd(bench.keys.candidates, { score: (await bench.now()) + 1, value });
      const messages: string[] = [];
      const subscriber = await redis.server.client();
      await subscriber.subscribe(bench.keys.channel, (message) => messages.push(message));
      const listed = await firstValueFrom(
        from(redisStore(bench.client).list?.({ verb: 'list', key: 'an election', timeout: LONG, ttl: LONG }) ?? []),
      );
      expect(listed.candidates).toEqual([expect.objectContaining({ id: 'a' })]);
      expect((await bench.release('leader')).status).toBe('released');
      await until(() => messages.length > 0);
      expect(messages.map((message) => JSON.parse(message))).toEqual([{ event: 'released', id: 'leader' }]);
    },
  );

  it('is not needed on a full server', async () => {
    await bench.client.configSet({ maxmemory: '1' });
    try {
      expect((await bench.acquire({ id: 'a' })).status).toBe('held');
      expect((await bench.release('leader')).status).toBe('released');
    } finally {
      await bench.client.configSet({ maxmemory: '0' });
    }
  });
});
