import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '../support/redis.js';
import { install } from './project.js';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** What both runners print as JSON. */
interface Run {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
}

it.each([
  ['Jest', 'jest', 'node_modules/jest/bin/jest.js', ['--json']],
  ['Vitest', 'vitest', 'node_modules/vitest/vitest.mjs', ['run', '--reporter=json']],
])("a user's own specs pass in %s, in virtual time and on Redis", async (_, consumer, program, args) => {
  const project = await install(consumer);
  const run: Run = JSON.parse(await project.run(program, args, { REDIS_URL: server.url }));
  expect([run.numPassedTests, run.numTotalTests]).toEqual([3, 3]);
});
