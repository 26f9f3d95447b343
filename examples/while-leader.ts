/**
 * Leader-only work with `whileLeader`: it starts with each term and is torn down the moment that
 * term ends.
 *
 *     node --import tsx examples/while-leader.ts
 *
 * Run it twice, and stop the process that works with Ctrl-C.
 * REDIS_URL is the address of Redis; redis://127.0.0.1:6379 by default.
 */
import { once } from 'node:events';
import { createClient } from 'redis';
import { elect, type Term, whileLeader } from 'rx-leader';
import { finalize, interval, map, type Observable } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
// Without a listener, an error ends the process.
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await redis.connect();

/** A placeholder for a poller, a scheduler or a consumer: any work for exactly one process. */
function ticks(term: Term): Observable<string> {
  console.log(`term ${term.token} begins`);
  return interval(250).pipe(
    map((count) => `tick ${count} of term ${term.token}`),
    finalize(() => console.log(`term ${term.token} has been torn down`)),
  );
}

const election = elect({ redis, key: 'examples/while-leader', ttl: 5_000, wait: 1_000 });
// An error in the work ends this subscription, and also the candidacy. Use catchError inside
// `ticks` to continue instead.
const work = election.pipe(whileLeader(ticks)).subscribe({
  next: (line) => console.log(line),
  error: (error) => console.error(error),
});

await once(process, 'SIGINT');
// The last subscriber leaves the election: first the work stops, then the lease is released.
work.unsubscribe();
await election.close(); // settles when that is done
await redis.close();
