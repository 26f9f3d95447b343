import { describe, expect, it } from '@jest/globals';
import { Candidate, type CandidateOptions } from '../../proof/candidate.js';
import { OURS } from '../../proof/mutant.js';
import { prepare } from '../../proof/prepare.js';
import { startClusterOfOne } from '../support/cluster-of-one.js';
import { startRedis } from '../support/redis.js';

const { programs } = prepare(OURS);

/** What goes wrong in it is the first that it says as well. */
async function leads(options: Pick<CandidateOptions, 'url' | 'topology' | 'library'>): Promise<void> {
  await using candidate = new Candidate(programs, { ...options, name: 'one', key: 'an election', ttl: 5_000 });
  const said = await candidate.script.next(
    (line) => line.kind === 'role' || (line.kind === 'note' && line.note === 'stray'),
    20_000,
  );
  expect(said).toMatchObject({ kind: 'role', role: 'leader' });
}

describe('a candidate, which is one file with all that it imports', () => {
  it.each([
    { library: 'node-redis', topology: 'server' },
    { library: 'node-redis', topology: 'pool' },
    { library: 'ioredis', topology: 'server' },
  ] as const)('leads by $library, $topology', async (reach) => {
    await using redis = await startRedis();
    await leads({ url: redis.url, ...reach });
  });

  it.each(['node-redis', 'ioredis'] as const)('leads by %s, cluster', async (library) => {
    await using one = await startClusterOfOne();
    await leads({ url: one.server.url, topology: 'cluster', library });
  });
});
