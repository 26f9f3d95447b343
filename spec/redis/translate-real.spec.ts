import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { keysOf } from '../../lib/redis/keys.js';
import { replicatedStore } from '../../lib/redis/replicas.js';
import { scripts } from '../../lib/redis/scripts.js';
import { redisStore } from '../../lib/redis/store.js';
import { startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { acquire, expectFailure, failure, KEY, read, release, renew } from './ask.js';

const { lease, record } = keysOf(KEY);

describe('an error of a real Redis', () => {
  it('is STORE_FULL at maxmemory', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    await client.configSet({ maxmemory: '1' });
    await expectFailure(acquire(redisStore(client)), 'STORE_FULL', 'OOM');
  });

  it('is STORE_READONLY at a replica, which still returns the leader', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await expectFailure(
      acquire(redisStore(client)),
      'STORE_READONLY',
      /READONLY.*Give a client that is connected to the master/,
    );
    expect((await read(redisStore(client))).status).toBe('free');
  });

  it('is STORE_UNAVAILABLE at a replica without its master that serves no stale data', async () => {
    await using redis = await startRedis({ args: ['--replica-serve-stale-data', 'no'] });
    const client = await redis.client();
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await expectFailure(read(redisStore(client)), 'STORE_UNAVAILABLE', 'MASTERDOWN');
  });

  it('is STORE_UNAVAILABLE if replicas are missing', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    await client.configSet('min-replicas-to-write', '1');
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'NOREPLICAS');
  });

  it('is STORE_UNAVAILABLE if the disk has failed', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
    await using redis = await startRedis({ args: ['--dir', dir, '--save', '3600 1'] });
    const client = await redis.client();
    await rm(dir, { recursive: true });
    await client.bgSave();
    await until(async () => /rdb_last_bgsave_status:err/.test(await client.info('persistence')));
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'MISCONF');
  });

  it('is STORE_UNAVAILABLE while another script runs for long', async () => {
    await using redis = await startRedis({ args: ['--lua-time-limit', '1'] });
    const [client, other] = [await redis.client(), await redis.client()];
    await client.scriptLoad(scripts.read.source);
    const endless = other.eval('while true do end').catch((error: Error) => error);
    await until(async () => /BUSY/.test(String(await client.ping().catch(String))));
    await expectFailure(read(redisStore(client)), 'STORE_UNAVAILABLE', 'BUSY');
    await client.sendCommand(['SCRIPT', 'KILL']);
    await endless;
  });

  it('is STORE_UNAVAILABLE at a Cluster node that serves no slots', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
    await using redis = await startRedis({ args: ['--cluster-enabled', 'yes', '--dir', dir] });
    const client = await redis.client();
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'CLUSTERDOWN');
    await rm(dir, { recursive: true });
  });

  it('is STORE_LOADING while the data set is loaded', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
    const args = ['--dir', dir, '--enable-debug-command', 'yes', '--loading-process-events-interval-bytes', '1024'];
    await using redis = await startRedis({ args });
    const [client, other] = [await redis.client(), await redis.client()];
    for (let i = 0; i < 600; i++) await client.set(`key${i}`, String(Math.random()).repeat(20)); // loads for twelve seconds, and is killed meanwhile
    await client.configSet('key-load-delay', '20000'); // µs for each key
    const reload = other.sendCommand(['DEBUG', 'RELOAD']);
    await until(async () => /LOADING/.test(String(await client.ping().catch(String))));
    await expectFailure(read(redisStore(client)), 'STORE_LOADING', 'LOADING');
    await redis.kill();
    await reload.catch(() => {});
    await rm(dir, { recursive: true });
  });

  it('is KEY_CONFLICT, with the keys, if something else is stored under them', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    const store = redisStore(client);
    await client.set(lease, 'no expiry');
    const message = await expectFailure(acquire(store), 'KEY_CONFLICT', 'LEASECONFLICT');
    expect(message).toContain(lease);
    expect(message).toContain(record);
    await client.del(lease);
    await client.sAdd(lease, 'member');
    for (const asked of [acquire(store), renew(store), release(store), read(store)]) {
      await expectFailure(asked, 'KEY_CONFLICT', 'WRONGTYPE');
    }
  });

  it.each(['EVALSHA', 'EVAL'])('is STORE_DENIED, and names it, without %s', async (command) => {
    await using redis = await startRedis({ args: ['--rename-command', command, ''] });
    const store = redisStore(await redis.client());
    const hint = new RegExp(`need scripting.*and ${command} is missing$`);
    for (const asked of [acquire(store), read(store)]) await expectFailure(asked, 'STORE_DENIED', hint);
  });

  it('is STORE_DENIED if a script lacks a command', async () => {
    await using redis = await startRedis({ args: ['--rename-command', 'HMGET', ''] });
    const asked = acquire(redisStore(await redis.client()));
    await expectFailure(asked, 'STORE_DENIED', /The scripts need the commands .*hmget/);
  });

  it('names replicated() without WAIT', async () => {
    await using redis = await startRedis({ args: ['--rename-command', 'WAIT', ''] });
    const client = await redis.client();
    const store = replicatedStore(redisStore(client), client, { count: 1, timeout: 100 });
    await expectFailure(acquire(store), 'STORE_DENIED', /replicated\(\) the server needs the command WAIT$/);
  });
});

describe('an error of a client', () => {
  it('is STORE_UNAVAILABLE if it is closed', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    client.destroy();
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', /The client is closed\. Connect it/);
  });

  it('is STORE_UNAVAILABLE if it was never connected', async () => {
    await expectFailure(acquire(redisStore(createClient())), 'STORE_UNAVAILABLE', /The client is closed\. Connect it/);
  });

  it('is STORE_UNAVAILABLE if it is subscribed by RESP2, which allows no other command', async () => {
    await using redis = await startRedis();
    const node = await redis.client({ RESP: 2 as 3 });
    await node.subscribe('news', () => {});
    await expectFailure(acquire(redisStore(node)), 'STORE_UNAVAILABLE', /Give a client that is not subscribed/);
    const io = new Redis({ host: redis.host, port: redis.port });
    await io.subscribe('news');
    await expectFailure(acquire(redisStore(io)), 'STORE_UNAVAILABLE', /Give a client that is not subscribed/);
    io.disconnect();
  });

  it('is STORE_UNAVAILABLE if it has lost its server and has no queue', async () => {
    await using redis = await startRedis();
    const client = await redis.client({ disableOfflineQueue: true });
    await redis.kill();
    await until(() => !client.isReady);
    await expectFailure(acquire(redisStore(client)), 'STORE_UNAVAILABLE', 'offline');
  });

  it('is STORE_UNAVAILABLE if the server dies during the request', async () => {
    await using redis = await startRedis();
    const client = await redis.client();
    redis.pause();
    const asked = failure(acquire(redisStore(client)));
    await redis.kill();
    expect((await asked).code).toBe('STORE_UNAVAILABLE');
  });
});
