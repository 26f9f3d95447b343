import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runIn } from '../support/program.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { recipes } from './documentation.js';
import { install, type Project } from './project.js';

let server: RedisServer;
let project: Project;

beforeAll(async () => {
  [server, project] = await Promise.all([startRedis(), install('recipes')]);
  mkdirSync(path.join(project.folder, 'src'));
  for (const { name, source } of recipes()) writeFileSync(path.join(project.folder, 'src', `${name}.ts`), source);
  await project.run('node_modules/typescript/bin/tsc');
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** A port that is free now. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** One process of a recipe, as its user starts it. */
async function start(recipe: string, env: NodeJS.ProcessEnv = {}) {
  const port = await freePort();
  const own = { REDIS_URL: server.url, SCHEDULE: '* * * * * *', PORT: String(port), ...env };
  const run = runIn(project.folder, [`out/${recipe}.js`], own);
  return { ...run, port, works: () => run.output().includes('working') };
}

const isCandidate = (count: number) => async () => {
  const client = await server.client();
  const lists = await client.keys('*:candidates');
  const listed = await Promise.all(lists.map((list) => client.zCard(list)));
  client.destroy();
  return listed.some((listedThere) => listedThere === count);
};

const within = { within: 20_000 };

describe.each(recipes().map(({ name }) => name))('%s', (recipe) => {
  it('works in one process, and after its SIGTERM in the next, and both end by themselves', async () => {
    const first = await start(recipe);
    await until(first.works, { ...within, what: `work: ${first.complaints()}` });
    const second = await start(recipe);
    await until(isCandidate(1), { ...within, what: 'a second candidate' });
    expect(second.works()).toBe(false);

    first.child.kill('SIGTERM');
    expect({ exit: await first.exit, complaints: first.complaints() }).toEqual({ exit: 0, complaints: '' });
    // BullMQ's only job is done by then.
    if (recipe !== 'bullmq') await until(second.works, { ...within, what: 'work in the second process' });
    second.child.kill('SIGTERM');
    expect({ exit: await second.exit, complaints: second.complaints() }).toEqual({ exit: 0, complaints: '' });
  });
});
