/**
 * Tells who leads, without standing: for a dashboard, or a client that is to talk to the leader.
 *
 *     node --import tsx examples/observe.ts [key]
 *
 * Run it beside `examples/basic.ts`, which it watches unless told another key. Ctrl-C ends it. REDIS_URL says where Redis is;
 * redis://127.0.0.1:6379 by default.
 */
import { once } from 'node:events';
import { createClient } from 'redis';
import { observe } from 'rx-leader';
import { retry, timer } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
redis.on('error', (error) => console.error(`redis: ${error.message}`)); // without it, an error ends the process
await redis.connect();

const leaders = observe({ redis, key: process.argv[2] ?? 'examples/basic', every: 500 }).pipe(
  // Unlike an election this stream does error, so that nobody takes "cannot ask" for "nobody leads". Here it asks again.
  retry({
    delay: (error) => {
      console.log(`unknown: ${error.code}`);
      return timer(500);
    },
  }),
);

const subscription = leaders.subscribe((holder) => {
  if (holder) console.log(`${holder.name ?? holder.id} leads, token ${holder.token ?? 'unknown'}`);
  else console.log('nobody leads');
});

await once(process, 'SIGINT');
subscription.unsubscribe();
await redis.close();
