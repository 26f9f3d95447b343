import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis6';
import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis';
import {
  createClient as createClient5,
  createClientPool as createClientPool5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
  RESP_TYPES as RESP_TYPES5,
} from 'redis5';
import { elect, observe, type RedisClient } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';

/**
 * Compiled by `npm run types` and `npm run types:old`, never run. Every client of both libraries is
 * a `RedisClient` without a cast.
 */
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

accepts(
  createClient5(),
  createClient5({ RESP: 2 }),
  createClient5({ RESP: 3, ...bare }),
  createClient5({ commandOptions: { typeMapping: { [RESP_TYPES5.BLOB_STRING]: Buffer } } }),
  createClient5().withTypeMapping({ [RESP_TYPES5.NUMBER]: String }),
  await createClient5().connect(),
  createClientPool5(),
  createClientPool5({ RESP: 3, ...bare }, { minimum: 1 }),
  createCluster5(cluster),
  createCluster5({ ...cluster, ...bare, RESP: 3 }),
  createSentinel5(sentinel),
  createSentinel5({ ...sentinel, ...bare, RESP: 3 }),
);
accepts(
  new Redis(),
  new Redis(6379, { keyPrefix: 'app:', enableAutoPipelining: true }),
  new Redis({ name: 'mymaster', sentinels: [] }),
  new Redis().duplicate(),
  new Cluster([]),
  new Redis6(),
  new Redis6({ protocol: 2 }),
  new Redis6({ protocol: 3, name: 'mymaster', sentinels: [] }),
  new Cluster6([]),
);

const redis = createClient();
elect({ redis, key: 'an election' });
observe({ redis, key: 'an election' });
elect({ redis: new Redis(), key: 'an election' });
observe({ redis: new Cluster6([]), key: 'an election' });

// @ts-expect-error: a client must run scripts
accepts({ on() {}, off() {}, isOpen: true });
// @ts-expect-error: a promise of a client is not a client
accepts(createClient().connect());
// @ts-expect-error: either a client or a store, not both
elect({ redis, store: new MemoryLeaseStore(), key: 'an election' });
// @ts-expect-error: one of them is required
elect({ key: 'an election' });
// @ts-expect-error: no type above is `any`
accepts(createCluster(cluster).nothing, createSentinel(sentinel).nothing, createClientPool().nothing);
// @ts-expect-error: as above
accepts(createClient5().nothing, createCluster5(cluster).nothing, createClientPool5().nothing);
// @ts-expect-error: as above
accepts(new Redis().nothing, new Cluster([]).nothing);
// @ts-expect-error: as above
accepts(new Redis6().nothing, new Cluster6([]).nothing);
// @ts-expect-error: a pipeline does not reply at once
accepts(new Redis().pipeline());
