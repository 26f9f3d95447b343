/**
 * Guards a write with the fencing token: the resource rejects late writes of earlier leaders.
 *
 *     node --import tsx examples/fenced-write.ts
 *
 * The example leads two terms. Then it writes once more for the first term, as a process would that
 * was frozen before the write.
 * REDIS_URL is the address of Redis; redis://127.0.0.1:6379 by default.
 */
import { createClient } from 'redis';
import { elect, type Term } from 'rx-leader';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
// Without a listener, an error ends the process.
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await redis.connect();

/**
 * The whole task of the resource: remember the highest token, and compare and write in one step.
 * In SQL: `UPDATE … SET value = $1, token = $2 WHERE id = $3 AND token <= $2`.
 */
const WRITE = `
local highest = tonumber(redis.call('HGET', KEYS[1], 'token') or 0)
if tonumber(ARGV[1]) < highest then return 0 end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'value', ARGV[2])
return 1`;

async function write(term: Term, value: string): Promise<void> {
  const accepted = await redis.eval(WRITE, { keys: ['examples/resource'], arguments: [String(term.token), value] });
  console.log(`${accepted ? 'accepted' : 'refused'}: "${value}", token ${term.token}`);
}

const election = elect({ redis, key: 'examples/fenced-write', ttl: 5_000, wait: 1_000 });
const terms: Term[] = [];

for await (const transition of election) {
  if (transition.role !== 'leader') continue;
  terms.push(transition.term);
  await write(transition.term, `written in term ${terms.length}`);
  if (terms.length === 2) break;
  await election.resign({ cooldown: 0 }); // resigns, and stands again at once
}

const [first] = terms;
if (first) await write(first, 'written in term 1, late');
console.log(`the resource says "${await redis.hGet('examples/resource', 'value')}"`);
await redis.close();
