import { afterEach, expect, it, jest } from '@jest/globals';
import { Cluster } from 'ioredis';
import { Cluster as Cluster6 } from 'ioredis6';
import { createCluster } from 'redis';
import { createCluster as createCluster5 } from 'redis5';
import { adapterOf, type RedisClient } from '../../lib/redis/client.js';
import { preflightOf } from '../../lib/redis/preflight.js';
import { startClusterOfOne } from '../support/cluster-of-one.js';
import { EVICTS } from '../support/redis.js';
import { until } from '../support/until.js';

const ends: Array<() => void> = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

/** Runs the preflight of `client`, and records its calls with the result of `when` at each. */
function looked<T>(client: RedisClient, when: () => T) {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  ends.push(() => warned.mockRestore());
  const by = adapterOf(client);
  const evaluate = by.eval;
  const asked: T[] = [];
  jest.spyOn(by, 'eval').mockImplementation((...call) => {
    asked.push(when());
    return evaluate(...call);
  });
  const looking = preflightOf(client).run({ key: 'a key', ttl: 10_000, timeout: 1_000 }).subscribe();
  ends.push(() => looking.unsubscribe());
  return { asked, warned, over: () => until(() => looking.closed, { what: 'the look to be over' }) };
}

const WARNING = [expect.stringContaining('allkeys-lru'), { type: 'RxLeaderWarning', code: 'RX_LEADER_EVICTION' }];

// Regression: the client emits each node that it discovers, which counted as ready.
it.each([
  ['ioredis 5', Cluster],
  ['ioredis 6', Cluster6 as unknown as typeof Cluster],
])('a cluster is checked once its client is connected: %s', async (_, Client) => {
  await using one = await startClusterOfOne(...EVICTS);
  const { host, port } = one.server;
  const client = new Client([{ host, port }]);
  ends.push(() => client.disconnect());
  const { asked, warned, over } = looked(client, () => client.status);
  await over();
  expect(asked).toEqual(['ready', 'ready', 'ready']);
  expect(warned.mock.calls).toEqual([WARNING]);
});

// The client does not tell that it is not ready. It refuses the first check.
it.each([
  ['node-redis 5', createCluster5 as unknown as typeof createCluster],
  ['node-redis 6', createCluster],
])('a cluster is checked once its client is connected: %s', async (_, create) => {
  await using one = await startClusterOfOne(...EVICTS);
  const client = create({ rootNodes: [{ url: one.server.url }] });
  ends.push(() => client.isOpen && client.destroy());
  client.on('error', () => {});
  const { asked, warned, over } = looked(client as RedisClient, () => client.isOpen);
  await new Promise(setImmediate); // it was refused
  await client.connect();
  await over();
  expect(asked.filter((isOpen) => !isOpen)).toEqual([false]);
  expect(asked.slice(-3)).toEqual([true, true, true]);
  expect(warned.mock.calls).toEqual([WARNING]);
});
