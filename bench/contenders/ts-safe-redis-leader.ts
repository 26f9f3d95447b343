import type { Contender } from '../contender.js';
import { TTL, WAIT } from '../settings.js';
import { hashed } from './hashed.js';
import { installed, ioredis, type Redis } from './installed.js';
import { campaign, type SafeLeader } from './safe-leader.js';

interface TsSafeRedisLeader {
  readonly SafeRedisLeader: new (client: Redis, ttl: number, wait: number, key: string) => SafeLeader;
}

export const tsSafeRedisLeader: Contender = {
  lease: (key) => `leader: ${hashed(key)}`,
  async sit(link) {
    const client = await ioredis(link);
    const { SafeRedisLeader } = installed<TsSafeRedisLeader>('ts-safe-redis-leader');
    return {
      stand(key, led) {
        const leader = new SafeRedisLeader(client, TTL, WAIT, key);
        void campaign(leader, led);
        return { resign: () => leader.shutdown() };
      },
    };
  },
};
