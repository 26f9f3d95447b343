import type { Contender } from '../contender.js';
import { TTL, WAIT } from '../settings.js';
import { hashed } from './hashed.js';
import { installed, ioredis, type Redis } from './installed.js';
import { campaign, type SafeLeader } from './safe-leader.js';

interface SafeRedisLeader {
  createSafeRedisLeader(options: { asyncRedis: Redis; ttl: number; wait: number; key: string }): Promise<SafeLeader>;
}

export const safeRedisLeader: Contender = {
  lease: (key) => `leader:${hashed(key)}`,
  async sit(link) {
    const asyncRedis = await ioredis(link);
    const { createSafeRedisLeader } = installed<SafeRedisLeader>('safe-redis-leader');
    return {
      stand(key, led) {
        const made = createSafeRedisLeader({ asyncRedis, ttl: TTL, wait: WAIT, key });
        let leader: SafeLeader | undefined;
        void made.then((safeLeader) => {
          leader = safeLeader;
          return campaign(safeLeader, led);
        });
        return { resign: () => leader?.shutdown() };
      },
    };
  },
};
