/** One job in a process of its own; it says what came of it in JSON lines. */
import { contenderOf } from './contenders.js';
import { databaseOf } from './field.js';
import type { Job } from './job.js';
import { crowd } from './jobs/crowd.js';
import { handOvers } from './jobs/hand-overs.js';
import { scale } from './jobs/scale.js';

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/**
 * The last word: what a contender has going would keep the process, and there is no end to some of
 * it.
 */
const sayAndEnd = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit());

async function work(job: Job): Promise<void> {
  const contender = contenderOf(job.contender);
  const link = { host: job.host, port: job.port, database: databaseOf(job.contender) };
  switch (job.kind) {
    case 'hand-over':
      return sayAndEnd({ result: await handOvers(contender, link, job) });
    case 'crowd':
      return crowd(contender, link, job, say);
    case 'scale':
      return sayAndEnd({ result: await scale(contender, link, job) });
  }
}

try {
  await work(JSON.parse(process.argv[2] ?? '') as Job);
} catch (error) {
  sayAndEnd({ failed: error instanceof Error ? error.message : String(error) });
}
