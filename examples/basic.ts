/**
 * Stands in an election and prints each change of role, until Ctrl-C.
 *
 *     node --import tsx examples/basic.ts
 *
 * Run it twice: one process leads, the other stands by. Stop the leader in any way, and the other
 * takes over.
 * REDIS_URL is the address of Redis; redis://127.0.0.1:6379 by default.
 */
import { once } from 'node:events';
import { createClient } from 'redis';
import { elect } from 'rx-leader';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
// Without a listener, an error of the client, such as a lost connection, ends the process.
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await redis.connect();

const election = elect({ redis, key: 'examples/basic', ttl: 5_000, wait: 1_000 });

election.subscribe((transition) => {
  switch (transition.role) {
    case 'leader':
      console.log(`leader, token ${transition.term.token}`);
      break;
    case 'follower':
      console.log(`follower (${transition.reason}), the leader is ${transition.leader?.name ?? 'not known'}`);
      break;
    case 'error':
      // No action is needed: the election continues by itself when the store answers again.
      console.log(`error: ${transition.error.code}, ${transition.error.message}`);
      break;
  }
});

await once(process, 'SIGINT');
await election.close(); // Releases the lease now, so the next leader need not wait until it expires
await redis.close();
