import { createClient } from 'redis';
import { elect } from 'rx-leader';
import { keysOf } from '../../lib/redis/keys.js';
import type { Contender, Link, Seat } from '../contender.js';
import { TTL, WAIT } from '../settings.js';

/** Without jitter: what is measured is not chance. */
export const ours: Contender = {
  lease: (key) => keysOf(key).lease,
  async sit({ host, port, database }: Link): Promise<Seat> {
    const redis = createClient({ socket: { host, port }, database });
    redis.on('error', () => {});
    await redis.connect();
    return {
      stand(key, led) {
        const election = elect({ redis, key, ttl: TTL, wait: WAIT, jitter: 0 });
        election.subscribe(({ role }) => {
          if (role === 'leader') led();
        });
        return { resign: () => election.close() };
      },
    };
  },
};
