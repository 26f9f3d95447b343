/**
 * A deploy without a gap.
 *
 * On SIGTERM, the process finishes its current job, the next leader takes over at once, and the
 * process exits by itself.
 *
 *     node --import tsx examples/graceful-shutdown.ts
 *
 * Run it twice, and `kill` the process that works.
 * REDIS_URL is the address of Redis; redis://127.0.0.1:6379 by default.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { elect, type Term, whileLeader } from 'rx-leader';
import { exhaustMap, timer } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
// Without a listener, an error ends the process.
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await redis.connect();

/** A job that stops half-way is worse than a late one, so it always finishes. */
async function job(): Promise<void> {
  console.log('job begins');
  await sleep(600);
  console.log('job is done');
}

/**
 * One job after the other. Unsubscribing stops the timer but not a running job: a promise cannot be
 * cancelled.
 */
const jobs = (term: Term) =>
  timer(0, 50).pipe(
    exhaustMap(() => {
      const work = job();
      term.waitUntil(work); // keeps the lease until the job has settled, for at most `drain` ms
      return work;
    }),
  );

const election = elect({ redis, key: 'examples/graceful-shutdown', ttl: 5_000, wait: 250, drain: 3_000 });
election.pipe(whileLeader(jobs)).subscribe({ error: (error) => console.error(error) });

await once(process, 'SIGTERM');
console.log('stopping');
await election.close(); // starts no new job, finishes the current one, then releases the lease
console.log('released');
await redis.close(); // last, because the release needs it; then nothing keeps the process alive
