import type { Contender } from '../contender.js';
import { TTL, WAIT } from '../settings.js';
import { hashed } from './hashed.js';
import { installed, ioredis, type Redis } from './installed.js';

type Leader = new (
  client: Redis,
  options: { ttl: number; wait: number; key: string },
) => {
  on(event: 'elected' | 'error', listener: () => void): unknown;
  elect(): void;
  stop(): void;
};

export const redisLeader: Contender = {
  lease: (key) => `leader:${hashed(key)}`,
  async sit(link) {
    const client = await ioredis(link);
    const Leader = installed<Leader>('redis-leader');
    return {
      stand(key, led) {
        const leader = new Leader(client, { ttl: TTL, wait: WAIT, key });
        leader.on('elected', led);
        leader.on('error', () => {});
        leader.elect();
        return { resign: () => leader.stop() };
      },
    };
  },
};
