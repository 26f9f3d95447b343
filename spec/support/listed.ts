import { keysOf } from '../../lib/redis/keys.js';
import type { Client } from './redis.js';
import { until } from './until.js';

/** Resolves when `count` candidates of the election `key` are listed as receiving notices. */
export const listedAsHearing = (client: Client, key: string, count: number): Promise<unknown> =>
  until(
    async () => {
      const listed = await client.zRangeWithScores(keysOf(key).candidates, 0, -1);
      return listed.filter(({ score }) => score % 1 === 0).length === count;
    },
    // The candidates' processes may still be starting.
    { within: 30_000, what: `${count} candidates to listen` },
  );
