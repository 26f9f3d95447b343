/**
 * A deploy without a gap: on SIGTERM the job at hand is finished, the next leader takes over at once, and the process exits by itself.
 *
 *     node --import tsx examples/graceful-shutdown.ts
 *
 * Run it twice, and `kill` the one that works. REDIS_URL says where Redis is; redis://127.0.0.1:6379 by default.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { elect, type Term, whileLeader } from 'rx-leader';
import { exhaustMap, timer } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
redis.on('error', (error) => console.error(`redis: ${error.message}`)); // without it, an error ends the process
await redis.connect();

/** Half done is worse than late: once begun, it is to be finished. */
async function job(): Promise<void> {
  console.log('job begins');
  await sleep(600);
  console.log('job is done');
}

/** One job after the other. Unsubscribing stops the timer but not a job under way: a promise cannot be taken back. */
const jobs = (term: Term) =>
  timer(0, 50).pipe(
    exhaustMap(() => {
      const work = job();
      term.waitUntil(work); // so the lease is kept until this one has settled, for `drain` ms at most
      return work;
    }),
  );

const election = elect({ redis, key: 'examples/graceful-shutdown', ttl: 5_000, wait: 250, drain: 3_000 });
election.pipe(whileLeader(jobs)).subscribe({ error: (error) => console.error(error) });

await once(process, 'SIGTERM');
console.log('stopping');
await election.close(); // no new job begins; the one under way is finished; then the lease is released
console.log('released');
await redis.close(); // only now: the release went through it. Nothing is left that would keep the process alive
