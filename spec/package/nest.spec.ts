import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { install } from './project.js';

it('a NestJS provider stands when its module is initialised, and has released the lease when that is destroyed', async () => {
  await using server = await startRedis();
  const project = await install('nest');
  expect(project.installed().filter((name) => /\brxjs$/.test(name))).toEqual(['rxjs']); // one RxJS for all
  await project.run('node_modules/typescript/bin/tsc');
  const printed = await project.run('out/main.js', [], { REDIS_URL: server.url });
  expect(JSON.parse(printed)).toEqual({ told: ['leader', 'follower'], held: 1, left: 0 });
});
