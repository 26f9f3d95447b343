/**
 * Leader-only work with `whileLeader`: it starts with each term and is torn down the moment that term ends.
 *
 *     node --import tsx examples/while-leader.ts
 *
 * Run it twice, and stop the one that works with Ctrl-C. REDIS_URL says where Redis is; redis://127.0.0.1:6379 by default.
 */
import { once } from 'node:events';
import { createClient } from 'redis';
import { elect, type Term, whileLeader } from 'rx-leader';
import { finalize, interval, map, type Observable } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
redis.on('error', (error) => console.error(`redis: ${error.message}`)); // without it, an error ends the process
await redis.connect();

/** Stands for a poller, a scheduler, a consumer: whatever exactly one process is to do. */
function ticks(term: Term): Observable<string> {
  console.log(`term ${term.token} begins`);
  return interval(250).pipe(
    map((count) => `tick ${count} of term ${term.token}`),
    finalize(() => console.log(`term ${term.token} has been torn down`)),
  );
}

const election = elect({ redis, key: 'examples/while-leader', ttl: 5_000, wait: 1_000 });
// An error in the work ends this subscription, and with it the candidacy: catchError inside `ticks` if it is to go on.
const work = election.pipe(whileLeader(ticks)).subscribe({
  next: (line) => console.log(line),
  error: (error) => console.error(error),
});

await once(process, 'SIGINT');
work.unsubscribe(); // the last subscriber leaves the election: first the work stops, then the lease is released
await election.close(); // settles when that is done
await redis.close();
