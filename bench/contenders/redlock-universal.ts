import type { Contender } from '../contender.js';
import { TTL, WAIT } from '../settings.js';
import { installed, ioredis, type Redis } from './installed.js';
import { routine } from './routine.js';

interface RedlockUniversal {
  readonly IoredisAdapter: new (client: Redis) => object;
  createLock(config: object): { using(work: () => Promise<void>): Promise<void> };
}

/**
 * By `using`, as it recommends, which extends the lock by itself. Its attempts are bounded; here
 * by more than a run takes.
 */
export const redlockUniversal: Contender = {
  lease: (key) => key,
  async sit(link) {
    const { IoredisAdapter, createLock } = installed<RedlockUniversal>('redlock-universal');
    const adapter = new IoredisAdapter(await ioredis(link));
    return {
      stand(key, led) {
        const lock = createLock({ adapter, key, ttl: TTL, retryAttempts: 1_000_000, retryDelay: WAIT });
        return routine((work) => lock.using(work), led);
      },
    };
  },
};
