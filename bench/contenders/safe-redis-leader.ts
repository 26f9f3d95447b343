import type { Contender } from '../contender.js';
import { TTL, WAIT } from '../settings.js';
import { hashed } from './hashed.js';
import { installed, ioredis, type Redis } from './installed.js';

interface Leader {
  on(event: 'elected' | 'error', listener: () => void): void;
  elect(): Promise<void>;
  shutdown(): Promise<void>;
}

interface SafeRedisLeader {
  createSafeRedisLeader(options: { asyncRedis: Redis; ttl: number; wait: number; key: string }): Promise<Leader>;
}

export const safeRedisLeader: Contender = {
  lease: (key) => `leader:${hashed(key)}`,
  async sit(link) {
    const asyncRedis = await ioredis(link);
    const { createSafeRedisLeader } = installed<SafeRedisLeader>('safe-redis-leader');
    return {
      stand(key, led) {
        const made = createSafeRedisLeader({ asyncRedis, ttl: TTL, wait: WAIT, key });
        let leader: Leader | undefined;
        void made.then((safeLeader) => {
          leader = safeLeader;
          safeLeader.on('elected', led);
          safeLeader.on('error', () => {});
          return safeLeader.elect();
        });
        return { resign: () => leader?.shutdown() };
      },
    };
  },
};
