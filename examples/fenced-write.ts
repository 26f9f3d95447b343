/**
 * A write guarded by the fencing token: the resource refuses whoever led earlier, however late that write arrives.
 *
 *     node --import tsx examples/fenced-write.ts
 *
 * Leads two terms, then writes for the first once more, as a process would that was frozen on its way to the write. REDIS_URL says
 * where Redis is; redis://127.0.0.1:6379 by default.
 */
import { createClient } from 'redis';
import { elect, type Term } from 'rx-leader';

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
redis.on('error', (error) => console.error(`redis: ${error.message}`)); // without it, an error ends the process
await redis.connect();

/**
 * The resource's part, and all there is to it: remember the highest token, and compare and write in one step. In SQL it is
 * `UPDATE … SET value = $1, token = $2 WHERE id = $3 AND token <= $2`.
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
