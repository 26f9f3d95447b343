import type { Contender } from '../contender.js';
import { TTL, WAIT } from '../settings.js';
import { installed, ioredis, type Redis } from './installed.js';

interface Semaphore {
  readonly Mutex: new (
    client: Redis,
    key: string,
    options: object,
  ) => { acquire(): Promise<void>; release(): Promise<void> };
}

/** Its `Mutex`, which refreshes itself at 0.8 of the lock's timeout. */
export const redisSemaphore: Contender = {
  lease: (key) => `mutex:${key}`,
  async sit(link) {
    const client = await ioredis(link);
    const { Mutex } = installed<Semaphore>('redis-semaphore');
    const options = {
      lockTimeout: TTL,
      acquireTimeout: Number.POSITIVE_INFINITY,
      retryInterval: WAIT,
      onLockLost() {},
    };
    return {
      stand(key, led) {
        const mutex = new Mutex(client, key, options);
        mutex.acquire().then(led, () => {});
        return { resign: () => mutex.release() };
      },
    };
  },
};
