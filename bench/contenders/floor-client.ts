import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import type { Contender, Standing } from '../contender.js';
import { TTL } from '../settings.js';

/**
 * The minimum with the client that rx-leader uses here. One script takes the lease or waits. The
 * other script leaves and wakes the first waiter, through the waiter's own channel. The cost beyond
 * bare sockets is the cost of the client and of scripts.
 */
export const floorClient: Contender = {
  lease: (key) => `floor:${key}`,
  async sit({ host, port, database }) {
    const client = createClient({ socket: { host, port }, database });
    const subscriber = client.duplicate();
    for (const each of [client, subscriber]) {
      each.on('error', () => {});
      await each.connect();
    }
    const inbox = `floor:inbox:${randomUUID()}`;
    const waiting = new Map<string, () => void>();
    await subscriber.subscribe(inbox, (lease) => waiting.get(lease)?.());
    const [take, leave] = await Promise.all([client.scriptLoad(TAKE), client.scriptLoad(LEAVE)]);
    return {
      stand(key, led): Standing {
        const lease = `floor:${key}`;
        const keys = [lease, `${lease}:waiting`];
        let timer: NodeJS.Timeout | undefined;
        const ask = async () => {
          clearTimeout(timer);
          const left = Number(await client.evalSha(take, { keys, arguments: [inbox, String(TTL)] }));
          if (left > 0) {
            timer = setTimeout(ask, left + 1);
            return;
          }
          led();
          timer = setInterval(() => void client.pExpire(lease, TTL), TTL / 3);
        };
        waiting.set(lease, () => void ask());
        void ask();
        return {
          resign() {
            clearInterval(timer);
            void client.evalSha(leave, { keys, arguments: [] });
          },
        };
      },
    };
  },
};

const TAKE = `
redis.call('LREM', KEYS[2], 0, ARGV[1])
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[1])
return math.max(1, redis.call('PTTL', KEYS[1]))
`;

const LEAVE = `
redis.call('DEL', KEYS[1])
repeat
  local next = redis.call('LPOP', KEYS[2])
until not next or redis.call('PUBLISH', next, KEYS[1]) > 0
`;
