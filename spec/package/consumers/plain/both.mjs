import { createRequire } from 'node:module';
import { createClient } from 'redis';
import * as esm from 'rx-leader';
import { filter, firstValueFrom } from 'rxjs';

const cjs = createRequire(import.meta.url)('rx-leader');

/** The error that `elect` of this copy throws for a wrong option. */
function errorOf({ elect }) {
  try {
    elect({});
  } catch (error) {
    return error;
  }
}

// The two copies stand against each other, through one client.
const redis = createClient({ url: process.env.REDIS_URL });
redis.on('error', (error) => console.error(error));
await redis.connect();
const elections = [esm, cjs].map(({ elect }) => elect({ redis, key: 'both', ttl: 2_000 }));
const roles = [];
for (const election of elections) {
  election.subscribe(() => {});
  const told = await firstValueFrom(election.pipe(filter(({ role }) => role !== 'error')));
  roles.push(told.role);
}
for (const election of elections) await election.close();
await redis.close();

console.log(
  JSON.stringify({
    copies: esm.ElectionError !== cjs.ElectionError,
    recognised: [esm.isElectionError(errorOf(cjs)), cjs.isElectionError(errorOf(esm))],
    codes: [errorOf(cjs).code, errorOf(esm).code],
    instance: errorOf(cjs) instanceof esm.ElectionError,
    exports: [Object.keys(esm).sort(), Object.keys(cjs).sort()],
    roles,
  }),
);
