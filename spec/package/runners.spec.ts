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

const VITEST = 'node_modules/vitest/vitest.mjs';

it.each([
  ['Jest', 'jest', [], 5, 'node_modules/jest/bin/jest.js', ['--json']],
  ['Vitest', 'vitest', [], 4, VITEST, ['run', '--reporter=json']],
  ['Vitest 3', 'vitest', ['vitest@3.2.4'], 4, VITEST, ['run', '--reporter=json']],
  // Its fake timers leave `performance.now` real.
  ['Vitest 2', 'vitest', ['vitest@2.1.9', 'vite@5.4.21'], 4, VITEST, ['run', '--reporter=json']],
])(
  "a user's own specs pass in %s, in virtual time, in fake time and on Redis",
  async (_, consumer, packages, count, program, args) => {
    const project = await install(consumer, ...packages);
    const run: Run = JSON.parse(await project.run(program, args, { REDIS_URL: server.url }));
    expect([run.numPassedTests, run.numTotalTests]).toEqual([count, count]);
  },
);
