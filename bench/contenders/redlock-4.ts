import type { Contender } from '../contender.js';
import { TTL, WAIT } from '../settings.js';
import { installed, ioredis, type Redis } from './installed.js';

interface Lock {
  extend(ttl: number): Promise<Lock>;
  unlock(): Promise<unknown>;
}

type Redlock = new (
  clients: readonly Redis[],
  options: object,
) => {
  on(event: 'clientError', listener: () => void): unknown;
  lock(resource: string, ttl: number): Promise<Lock>;
};

/**
 * As its README has it: locked with unlimited retries, and extended by hand, here every half ttl.
 */
export const redlock4: Contender = {
  lease: (key) => key,
  async sit(link) {
    const client = await ioredis(link);
    const redlock = new (installed<Redlock>('redlock-4'))([client], {
      retryCount: -1,
      retryDelay: WAIT,
      retryJitter: 0,
    });
    redlock.on('clientError', () => {});
    return {
      stand(key, led) {
        let held: Lock;
        let timer: NodeJS.Timeout;
        const extend = (): void => {
          timer = setTimeout(() => held.extend(TTL).then(extend, () => {}), TTL / 2);
        };
        void redlock.lock(key, TTL).then((lock) => {
          held = lock;
          extend();
          led();
        });
        return {
          resign: () => {
            clearTimeout(timer);
            return held.unlock();
          },
        };
      },
    };
  },
};
