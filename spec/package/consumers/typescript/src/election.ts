import { createClient } from 'redis';
import { elect, isElectionError, type Term, type Transition, whileLeader } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { filter, firstValueFrom, type Observable, of } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL ?? '' });
redis.on('error', (error: Error) => console.error(error));
await redis.connect();

const told: string[] = [];
function describe(transition: Transition): string {
  switch (transition.role) {
    case 'leader':
      return `leader, token ${transition.term.token > 0}`;
    case 'follower':
      return `follower, ${transition.reason}`;
    case 'error':
      return `error, ${transition.error.code}`;
  }
}

const election = elect({ redis, key: process.argv[1] ?? '', ttl: 2_000 });
election.subscribe((transition) => told.push(describe(transition)));
const work = (term: Term): Observable<number> => of(term.remaining());
const remaining: number = await firstValueFrom(election.pipe(whileLeader(work)));
await election.close();

{
  await using rehearsal = elect({ store: new MemoryLeaseStore(), key: 'k' });
  await firstValueFrom(rehearsal.pipe(filter(({ role }) => role === 'leader')));
}
try {
  elect({ redis, key: '' });
} catch (error) {
  if (isElectionError(error)) told.push(error.code);
}
await redis.close();
console.log(JSON.stringify({ told, hadTime: remaining > 0 }));
