import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom, from } from 'rxjs';
import { keysOf } from '../../../lib/store/redis/keys.js';
import { redisStore } from '../../../lib/store/redis/store.js';
import { acquire, acquireRequest, KEY } from './ask.js';
import { leaveAll, listen } from './listening.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();
const { candidates } = keysOf(KEY);
afterEach(leaveAll);

/** Releases quietly what `me` holds; resolves with who alone was told, if it is one. */
async function releaseQuietly(): Promise<unknown> {
  const store = redisStore(redis.client);
  const reply = await firstValueFrom(
    from(store.release({ verb: 'release', key: KEY, timeout: 10_000, id: 'me', quiet: true })),
  );
  return 'told' in reply ? reply.told : undefined;
}

const standing = { id: 'next', hears: true, ttl: 60_000 };

describe('the inbox of a client', () => {
  it('opens for the first who stands, also where others have listened for long, and that is told', async () => {
    await acquire(redisStore(redis.client));
    const store = redisStore(await redis.server.client());
    const listener = listen(store);
    await listener.hears('listening');
    await acquire(store, standing);
    await listener.hears('listening', 2); // ask again, it means
    await acquire(store, standing);
    expect(await releaseQuietly()).toBe('next');
    await listener.hears('released');
  });

  it('is no reason to ask again for those who stand later', async () => {
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

  it('keeps who has told it alone for the request that is made, not for one that is only thought of', async () => {
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
    expect(bystander.heard).toContainEqual({ kind: 'released', id: 'me', successor: 'next' });
    expect(await redis.client.exists(candidates)).toBe(0);
  });

  it('leaves nobody in the dark about the next leader, however many stand by', async () => {
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
