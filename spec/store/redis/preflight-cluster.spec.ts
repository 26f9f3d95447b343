import { afterEach, expect, it, jest } from '@jest/globals';
import { Cluster } from 'ioredis';
import { Cluster as Cluster6 } from 'ioredis6';
import { portOf } from '../../../lib/store/redis/client.js';
import { preflightOf } from '../../../lib/store/redis/preflight.js';
import { startClusterOfOne } from '../../support/cluster-of-one.js';
import { until } from '../../support/until.js';

const ends: Array<() => void> = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

// It never was: the client tells of each node that it gets to know, and that passed for being ready.
it.each([
  ['ioredis 5', Cluster],
  ['ioredis 6', Cluster6 as unknown as typeof Cluster],
])('a cluster is looked at once its client is connected: %s', async (_, Client) => {
  await using one = await startClusterOfOne('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
  const { host, port } = one.server;
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  ends.push(() => warned.mockRestore());
  const client = new Client([{ host, port }]);
  ends.push(() => client.disconnect());
  const by = portOf(client);
  const evaluate = by.eval;
  const asked: string[] = [];
  jest.spyOn(by, 'eval').mockImplementation((...call) => {
    asked.push(client.status);
    return evaluate(...call);
  });
  const looking = preflightOf(client).look({ key: 'a key', ttl: 10_000, timeout: 1_000 }).subscribe();
  ends.push(() => looking.unsubscribe());
  await until(() => looking.closed, { what: 'the look to be over' });
  expect(asked).toEqual(['ready', 'ready', 'ready']);
  expect(warned.mock.calls).toEqual([
    [expect.stringContaining('allkeys-lru'), { type: 'RxLeaderWarning', code: 'RX_LEADER_EVICTION' }],
  ]);
});
