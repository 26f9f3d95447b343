/**
 * Leader-only work with plain RxJS: an election is an Observable, so `switchMap` works.
 *
 *     node --import tsx examples/switch-map.ts
 *
 * Run it twice, and stop the process that works with Ctrl-C.
 * REDIS_URL is the address of Redis; redis://127.0.0.1:6379 by default.
 */
import { createClient } from 'redis';
import { elect } from 'rx-leader';
import { EMPTY, fromEvent, interval, lastValueFrom, switchMap, takeUntil, tap } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
// Without a listener, an error ends the process.
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await redis.connect();

const election = elect({ redis, key: 'examples/switch-map', ttl: 5_000, wait: 1_000 });

const work = election.pipe(
  switchMap((transition) => (transition.role === 'leader' ? interval(250) : EMPTY)),
  tap((count) => console.log(`tick ${count}`)),
  // It comes last, so that it ends the work together with the election. Before `switchMap`, it
  // would end only the election. The lease would be released while the interval continues, so two
  // processes would work. `whileLeader` avoids this mistake.
  takeUntil(fromEvent(process, 'SIGINT')),
);

await lastValueFrom(work, { defaultValue: undefined });
console.log('stopped');
// Nobody is subscribed any more; this settles when the lease has been released.
await election.close();
await redis.close();
