import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { elect, observe, type RedisClient } from 'rx-leader';

/**
 * Compiled by `npm run types`, never run: whatever node-redis makes is a `RedisClient` without a cast.
 */
const accepts = (...clients: RedisClient[]): RedisClient[] => clients;
const sentinel = { name: 'mymaster', sentinelRootNodes: [] };

accepts(
  createClient(),
  createClient({ RESP: 2 }),
  createClient({ RESP: 3 }),
  createClient({ modules: {}, functions: {}, scripts: {} }),
  createClient({ RESP: 2, modules: {} }),
  createClient({ keyPrefix: 'app:' }),
  createClient({ disableOfflineQueue: true, commandsQueueMaxLength: 10 }),
  createClient().withCommandOptions({ timeout: 100 }),
  createClient().withTypeMapping({ [36]: Buffer, [58]: String }),
  await createClient().connect(),
  createClient().duplicate(),
  createClientPool(),
  createClientPool({ RESP: 2 }, { minimum: 1 }),
  createClientPool({ RESP: 3 }),
  createCluster({ rootNodes: [] }),
  createCluster({ rootNodes: [], RESP: 2 }),
  createCluster({ rootNodes: [], RESP: 3 }),
  createSentinel(sentinel),
  createSentinel({ ...sentinel, RESP: 2 }),
  createSentinel({ ...sentinel, RESP: 3 }),
);
const redis = createClient();
elect({ redis, key: 'k' });
observe({ redis, key: 'k' });
