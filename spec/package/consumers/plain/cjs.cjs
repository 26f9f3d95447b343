const { createClient } = require('redis');
const { elect, whileLeader } = require('rx-leader');
const { MemoryLeaseStore } = require('rx-leader/testing');
const { filter, firstValueFrom, timer } = require('rxjs');

async function main() {
  const redis = createClient({ url: process.env.REDIS_URL });
  redis.on('error', (error) => console.error(error));
  await redis.connect();

  const election = elect({ redis, key: 'cjs', ttl: 2_000 });
  const roles = [];
  election.subscribe(({ role }) => roles.push(role));
  await firstValueFrom(election.pipe(whileLeader(() => timer(0))));
  const held = await redis.keys('leader:*');
  await election.close();
  const left = await redis.keys('leader:*');
  await redis.close();

  const rehearsal = elect({ store: new MemoryLeaseStore(), key: 'cjs' });
  await firstValueFrom(rehearsal.pipe(filter(({ role }) => role === 'leader')));
  await rehearsal.close();
  console.log(JSON.stringify({ roles, held: held.length, left: left.length }));
}

void main();
