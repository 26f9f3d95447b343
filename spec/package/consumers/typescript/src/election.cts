import { createClient } from 'redis';
import { elect, isElectionError, whileLeader } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { filter, firstValueFrom, of } from 'rxjs';

async function main(): Promise<void> {
  const redis = createClient({ url: process.env.REDIS_URL ?? '' });
  redis.on('error', (error: Error) => console.error(error));
  await redis.connect();

  const told: string[] = [];
  const election = elect({ redis, key: process.argv[1] ?? '', ttl: 2_000 });
  election.subscribe((transition) => {
    if (transition.role === 'leader') told.push(`leader, token ${transition.term.token > 0}`);
    if (transition.role === 'follower') told.push(`follower, ${transition.reason}`);
  });
  const remaining: number = await firstValueFrom(election.pipe(whileLeader((term) => of(term.remaining()))));
  await election.close();

  const rehearsal = elect({ store: new MemoryLeaseStore(), key: 'k' });
  await firstValueFrom(rehearsal.pipe(filter(({ role }) => role === 'leader')));
  await rehearsal.close();
  try {
    elect({ redis, key: '' });
  } catch (error) {
    if (isElectionError(error)) told.push(error.code);
  }
  await redis.close();
  console.log(JSON.stringify({ told, hadTime: remaining > 0 }));
}

void main();
