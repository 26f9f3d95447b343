import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runIn } from '../support/program.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { programs } from './documentation.js';
import { install, type Project } from './project.js';

let server: RedisServer;
let project: Project;

beforeAll(async () => {
  [server, project] = await Promise.all([startRedis(), install('recipes')]);
  mkdirSync(path.join(project.folder, 'src'));
  for (const { name, source } of programs()) writeFileSync(path.join(project.folder, 'src', `${name}.ts`), source);
  await project.run('node_modules/typescript/bin/tsc');
});

beforeEach(async () => {
  const client = await server.client();
  await client.flushAll();
  client.destroy();
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

/** Versions of the listed candidates that receive notices (whole scores), first request first. */
async function candidates(): Promise<string[]> {
  const client = await server.client();
  const [list] = await client.keys('*:candidates');
  const listed = list === undefined ? [] : await client.zRangeWithScores(list, 0, -1);
  client.destroy();
  return listed.filter(({ score }) => Number.isInteger(score)).map(({ value }) => JSON.parse(value).data);
}

/** ms for a process to start, and to hand over. */
const within = { within: 20_000 };

describe.each(programs().map(({ name }) => name))('%s', (recipe) => {
  // When its hooks are done, Nest repeats the signal to the process.
  const ended = { exit: recipe === 'nestjs' ? 'SIGTERM' : 0, complaints: '' };

  it('works in one process, and after its SIGTERM in the next, and both end by themselves', async () => {
    const first = await start(recipe);
    await until(first.works, { ...within, what: `work: ${first.complaints()}` });
    const second = await start(recipe);
    await until(async () => (await candidates()).length === 1, { ...within, what: 'a second candidate' });
    expect(second.works()).toBe(false);

    first.child.kill('SIGTERM');
    expect({ exit: await first.exit, complaints: first.complaints() }).toEqual(ended);
    await until(second.works, { ...within, what: 'work in the second process' });
    second.child.kill('SIGTERM');
    expect({ exit: await second.exit, complaints: second.complaints() }).toEqual(ended);
  });
});

it('rolling-deploy hands over to the newer version, though an older one asked last', async () => {
  const old = await start('rolling-deploy');
  await until(old.works, within);
  const newer = await start('rolling-deploy', { VERSION: '2' });
  await until(async () => (await candidates()).join() === '2', within);
  const last = await start('rolling-deploy');
  await until(async () => (await candidates()).join() === '2,1', within);

  old.child.kill('SIGTERM');
  await until(newer.works, { ...within, what: `work in the newer version: ${newer.complaints()}` });
  expect(last.works()).toBe(false);
  for (const { child, exit } of [newer, last]) {
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  }
});

it('express is ready while it follows', async () => {
  const leader = await start('express');
  await until(leader.works, within);
  const follower = await start('express');
  const ask = (path: string) => fetch(`http://127.0.0.1:${follower.port}${path}`);
  await until(async () => (await ask('/ready')).status === 200, within);
  expect(await (await ask('/role')).json()).toEqual({ role: 'follower', isLeading: false });
  expect((await ask('/live')).status).toBe(200);
});
