import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom, from } from 'rxjs';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { openResources } from '../support/resources.js';
import { until } from '../support/until.js';
import { acquire, acquireRequest, KEY, release } from './ask.js';
import { connected, connections, type Listener, leaveAll, listen } from './listening.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
const { candidates, channel } = keysOf(KEY);
afterEach(leaveAll);

/** Releases quietly for `me`. Resolves with the candidate that was notified alone, if any. */
async function releaseQuietly(): Promise<unknown> {
  const store = redisStore(redis.client);
  const reply = await firstValueFrom(
    from(store.release({ verb: 'release', key: KEY, timeout: 10_000, id: 'me', quiet: true })),
  );
  return 'told' in reply ? reply.told : undefined;
}

const timers = () => openResources('Timeout');

const standing = { id: 'next', hears: true, ttl: 60_000 };

describe('the inbox of a client', () => {
  it('opens for the first candidate, also after earlier listeners, and emits listening again', async () => {
    await acquire(redisStore(redis.client));
    const store = redisStore(await redis.server.client());
    const listener = listen(store);
    await listener.hears('listening');
    await acquire(store, standing);
    await listener.hears('listening', 2); // makes the candidate ask again
    await acquire(store, standing);
    expect(await releaseQuietly()).toBe('next');
    await listener.hears('released');
  });

  it('opens first for an initial candidate, which does not have to ask again', async () => {
    await acquire(redisStore(redis.client));
    const store = redisStore(await redis.server.client());
    const listener = listen(store);
    await acquire(store, standing);
    await listener.hears('listening');
    await acquire(store, standing);
    expect(await releaseQuietly()).toBe('next');
    await listener.hears('released');
    expect(listener.kinds()).toEqual(['listening', 'released']);
  });

  it('closes with the last listener, and does not open for observers', async () => {
    await acquire(redisStore(redis.client));
    const name = 'comes-and-goes';
    const store = redisStore(await redis.server.client({ name }));
    const leave = async (listener: Listener) => {
      listener.leave();
      await connected(redis.client, name, 1);
    };
    const first = listen(store);
    await acquire(store, standing);
    await first.hears('listening');
    expect(await connections(redis.client, name)).toMatchObject([{ sub: 0 }, { sub: 2 }]);
    await leave(first);
    const second = listen(store);
    await second.hears('listening');
    expect(await connections(redis.client, name)).toMatchObject([{ sub: 0 }, { sub: 1 }]);
    await leave(second);
    const before = timers();
    await acquire(store, standing);
    expect(await releaseQuietly()).toBeUndefined();
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('has the key prefix of the client', async () => {
    const store = redisStore(await redis.server.client({ keyPrefix: 'app:' }));
    const listener = listen(store);
    await acquire(store, standing);
    await listener.hears('listening');
    expect(await redis.client.pubSubChannels('app:leader:inbox:*')).toHaveLength(1);
  });

  it('is not used before it is open, nor for a candidate that does not receive its channel', async () => {
    const holder = redisStore(redis.client);
    const store = redisStore(await redis.server.client());
    const listener = listen(store);
    await listener.hears('listening');
    await acquire(holder);
    await acquire(store, standing);
    expect(await releaseQuietly()).toBeUndefined();
    await listener.hears('listening', 2);
    await acquire(holder);
    await acquire(store, { ...standing, hears: false });
    expect(await releaseQuietly()).toBeUndefined();
  });

  it('makes nobody ask again if the only candidate does not hear', async () => {
    await acquire(redisStore(redis.client));
    const name = 'hears-nothing';
    const store = redisStore(await redis.server.client({ name }));
    const listener = listen(store);
    await listener.hears('listening');
    await acquire(store, { ...standing, hears: false });
    await until(async () => (await connections(redis.client, name))[1]?.sub === 2, { what: 'the inbox to open' });
    await release(redisStore(redis.client)); // emitted after that
    await listener.hears('released');
    expect(listener.kinds()).toEqual(['listening', 'released']);
  });

  it('is not retried after a refusal once nobody listens', async () => {
    await acquire(redisStore(redis.client));
    const rules = ['reset', 'on', '>pw', '~*', '+@all', 'resetchannels', `&${channel}`];
    await redis.client.aclSetUser('narrow', rules);
    await redis.client.aclLogReset();
    const name = 'without-inbox';
    const store = redisStore(await redis.server.client({ username: 'narrow', password: 'pw', name }));
    const before = timers();
    const listener = listen(store);
    await acquire(store, standing);
    await listener.hears('listening');
    await until(async () => (await redis.client.aclLog()).length > 0, { what: 'the inbox to be refused' });
    listener.leave();
    await connected(redis.client, name, 1);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('does not make later candidates ask again', async () => {
    await acquire(redisStore(redis.client));
    const store = redisStore(await redis.server.client());
    const first = listen(store, 'another election');
    await first.hears('listening');
    await acquire(store, { ...standing, key: 'another election' });
    await first.hears('listening', 2);
    const second = listen(store);
    await second.hears('listening');
    await acquire(store, standing);
    expect(await releaseQuietly()).toBe('next');
    await second.hears('released');
    expect(first.kinds().sort()).toEqual(['elected', 'listening', 'listening']);
    expect(second.kinds()).toEqual(['listening', 'released']);
  });

  it('keeps the releaser for the next request that is subscribed', async () => {
    await acquire(redisStore(redis.client));
    const store = redisStore(await redis.server.client());
    const listener = listen(store);
    const bystander = listen(redisStore(redis.client));
    await Promise.all([listener.hears('listening'), bystander.hears('listening')]);
    await acquire(store, standing);
    await listener.hears('listening', 2);
    await acquire(store, standing);
    await releaseQuietly();
    await listener.hears('released');
    store.acquire(acquireRequest(standing)); // and never subscribed
    await acquire(store, standing);
    await bystander.hears('elected');
    const told = { kind: 'released', id: 'me', successor: 'next' };
    expect(bystander.heard).toContainEqual(told);
    expect(await redis.client.exists(candidates)).toBe(0);
    await release(store, 'next');
    await acquire(store, standing);
    await bystander.hears('elected', 2);
    expect(bystander.heard.filter(({ kind }) => kind === 'released')).toEqual([told, { kind: 'released', id: 'next' }]);
  });

  it('lets all candidates learn the next leader, however many there are', async () => {
    await acquire(redisStore(redis.client));
    const store = redisStore(await redis.server.client());
    const bystander = listen(redisStore(redis.client));
    const listener = listen(store);
    await Promise.all([listener.hears('listening'), bystander.hears('listening')]);
    for (let i = 0; i < 65; i++) await acquire(store, { ...standing, id: `one of many ${i}` });
    await acquire(store, standing);
    await releaseQuietly();
    await listener.hears('released');
    const { token } = await acquire(store, standing);
    await bystander.hears('elected');
    expect(bystander.heard.slice(1)).toEqual([
      { kind: 'released', id: 'me', successor: 'next' },
      { kind: 'elected', holder: { id: 'next', name: 'my name', token, expiresIn: 60_000 } },
    ]);
  });
});
