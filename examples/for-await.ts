/**
 * An election as an async iterable: waits to lead, does one job, and leaves. Leaving the loop
 * leaves the election.
 *
 *     node --import tsx examples/for-await.ts
 *
 * Run it several times at once: the processes do their jobs one after the other.
 * REDIS_URL is the address of Redis; redis://127.0.0.1:6379 by default.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { elect, type Term } from 'rx-leader';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
// Without a listener, an error ends the process.
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await redis.connect();

/**
 * A job of several steps. When the term is over, it stops between two steps, so that it does not
 * overlap with the next leader.
 */
async function migrate(term: Term): Promise<void> {
  for (let step = 1; step <= 3; step++) {
    term.assert();
    console.log(`step ${step} of 3, token ${term.token}`);
    await sleep(150, undefined, { signal: term.signal });
  }
}

const isAlive = (term: Term): boolean => !term.signal.aborted && term.remaining() > 0;

for await (const transition of elect({ redis, key: 'examples/for-await', ttl: 5_000, wait: 1_000 })) {
  console.log(transition.role);
  if (transition.role !== 'leader') continue;
  try {
    await migrate(transition.term);
    break; // also awaits the release, so that the next candidate can start
  } catch (error) {
    // An error after the term only reports its end: stay in the loop, and lead again. During the
    // term, the job itself has failed.
    if (isAlive(transition.term)) throw error;
  }
}

console.log('released');
await redis.close();
