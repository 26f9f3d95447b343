import { createClient } from 'redis';
import { elect, whileLeader } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { filter, firstValueFrom, timer } from 'rxjs';

const redis = createClient({ url: process.env.REDIS_URL });
redis.on('error', (error) => console.error(error));
await redis.connect();

const election = elect({ redis, key: 'esm', ttl: 2_000 });
const roles = [];
election.subscribe(({ role }) => roles.push(role));
await firstValueFrom(election.pipe(whileLeader(() => timer(0))));
const held = await redis.keys('leader:*');
await election.close();
const left = await redis.keys('leader:*');
await redis.close();

const rehearsal = elect({ store: new MemoryLeaseStore(), key: 'esm' });
await firstValueFrom(rehearsal.pipe(filter(({ role }) => role === 'leader')));
await rehearsal.close();
console.log(JSON.stringify({ roles, held: held.length, left: left.length }));
