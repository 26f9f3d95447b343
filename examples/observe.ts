/**
 * Prints who leads, without standing: for a dashboard, or a client that talks to the leader.
 *
 *     node --import tsx examples/observe.ts [key]
 *
 * Run it beside `examples/basic.ts`, whose key is the default. Ctrl-C ends it.
 * REDIS_URL is the address of Redis; redis://127.0.0.1:6379 by default.
 */
import { once } from 'node:events';
import { createClient } from 'redis';
import { observe } from 'rx-leader';
import { retry, timer } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
// Without a listener, an error ends the process.
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await redis.connect();

const leaders = observe({ redis, key: process.argv[2] ?? 'examples/basic', every: 500 }).pipe(
  // Unlike an election, this stream errors, so that "cannot ask" is not mistaken for "nobody
  // leads". Here it asks again.
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
