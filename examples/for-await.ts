/**
 * An election as an async iterable: waits to lead, does one job, and leaves. Leaving the loop leaves the election.
 *
 *     node --import tsx examples/for-await.ts
 *
 * Run it several times at once: each does its job, one after the other. REDIS_URL says where Redis is;
 * redis://127.0.0.1:6379 by default.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { elect, type Term } from 'rx-leader';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
redis.on('error', (error) => console.error(`redis: ${error.message}`)); // without it, an error ends the process
await redis.connect();

/** A job of several steps. It stops between two of them when the term is over, rather than working on beside the next leader. */
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
    break; // awaits the release as well, so that the next candidate can begin
  } catch (error) {
    // With the term over, this says no more than that: stay in the loop, and lead again. Else it is the job's own failure.
    if (isAlive(transition.term)) throw error;
  }
}

console.log('released');
await redis.close();
