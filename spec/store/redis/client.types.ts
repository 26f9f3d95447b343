import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis';
import { elect, observe, type RedisClient } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';

/** Compiled by `npm run types`, never run: whatever node-redis makes is a `RedisClient`, without a cast. */
const accepts = (..._clients: RedisClient[]): void => {};

const cluster = { rootNodes: [] };
const sentinel = { name: 'mymaster', sentinelRootNodes: [] };
const bare = { modules: {}, functions: {}, scripts: {} };

accepts(
  createClient(),
  createClient({ RESP: 2 }),
  createClient({ RESP: 3 }),
  createClient(bare),
  createClient({ RESP: 2, ...bare }),
  createClient({ keyPrefix: 'app:', disableOfflineQueue: true, commandsQueueMaxLength: 10 }),
  createClient({ commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } }),
  createClient().withCommandOptions({ timeout: 100 }),
  createClient().withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String }),
  createClient().duplicate(),
  await createClient().connect(),
  await createClient({ RESP: 2 }).connect(),
);
accepts(createClientPool(), createClientPool({ RESP: 2 }, { minimum: 1 }), createClientPool({ RESP: 3, ...bare }));
accepts(
  createCluster(cluster),
  createCluster({ ...cluster, RESP: 2 }),
  createCluster({ ...cluster, ...bare, RESP: 3 }),
);
accepts(
  createSentinel(sentinel),
  createSentinel({ ...sentinel, RESP: 2 }),
  createSentinel({ ...sentinel, ...bare, RESP: 3 }),
);

const redis = createClient();
elect({ redis, key: 'an election' });
observe({ redis, key: 'an election' });

// @ts-expect-error: what cannot run scripts is no client
accepts({ on() {}, off() {}, isOpen: true });
// @ts-expect-error: a promise of a client is none yet
accepts(createClient().connect());
// @ts-expect-error: either a client or a store, not both
elect({ redis, store: new MemoryLeaseStore(), key: 'an election' });
// @ts-expect-error: nor neither
elect({ key: 'an election' });
// @ts-expect-error: nothing above passes for being `any`
accepts(createCluster(cluster).nothing, createSentinel(sentinel).nothing, createClientPool().nothing);
