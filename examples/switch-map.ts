/**
 * Leader-only work with plain RxJS: an election is an Observable, so `switchMap` will do.
 *
 *     node --import tsx examples/switch-map.ts
 *
 * Run it twice, and stop the one that works with Ctrl-C. REDIS_URL says where Redis is; redis://127.0.0.1:6379 by default.
 */
import { createClient } from 'redis';
import { elect } from 'rx-leader';
import { EMPTY, fromEvent, interval, lastValueFrom, switchMap, takeUntil, tap } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
redis.on('error', (error) => console.error(`redis: ${error.message}`)); // without it, an error ends the process
await redis.connect();

const election = elect({ redis, key: 'examples/switch-map', ttl: 5_000, wait: 1_000 });

const work = election.pipe(
  switchMap((transition) => (transition.role === 'leader' ? interval(250) : EMPTY)),
  tap((count) => console.log(`tick ${count}`)),
  // Last, so that it ends the work together with the election. Before `switchMap` it would end only the election: the lease would
  // be released and the interval go on, in two processes at a time. `whileLeader` has no such trap.
  takeUntil(fromEvent(process, 'SIGINT')),
);

await lastValueFrom(work, { defaultValue: undefined });
console.log('stopped');
await election.close(); // nobody subscribes any more; this settles when the lease has been released
await redis.close();
