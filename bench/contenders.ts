import type { Contender } from './contender.js';
import { floorAll } from './contenders/floor-all.js';
import { floorClient } from './contenders/floor-client.js';
import { floorOne } from './contenders/floor-one.js';
import { ours } from './contenders/ours.js';
import { redisLeader } from './contenders/redis-leader.js';
import { redisSemaphore } from './contenders/redis-semaphore.js';
import { redlock4 } from './contenders/redlock-4.js';
import { redlock5 } from './contenders/redlock-5.js';
import { redlockUniversal } from './contenders/redlock-universal.js';
import { safeRedisLeader } from './contenders/safe-redis-leader.js';
import { tsSafeRedisLeader } from './contenders/ts-safe-redis-leader.js';

/** How each of the field is driven, by its id. */
const CONTENDERS: Readonly<Record<string, Contender>> = {
  'rx-leader': ours,
  'floor-all': floorAll,
  'floor-one': floorOne,
  'floor-client': floorClient,
  'redlock-4': redlock4,
  'redlock-5': redlock5,
  'redlock-universal': redlockUniversal,
  'redis-semaphore': redisSemaphore,
  'safe-redis-leader': safeRedisLeader,
  'ts-safe-redis-leader': tsSafeRedisLeader,
  'redis-leader': redisLeader,
};

export function contenderOf(id: string): Contender {
  const found = CONTENDERS[id];
  if (found === undefined) throw new Error(`no contender is called ${id}`);
  return found;
}
