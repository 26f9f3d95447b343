import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { BY_ITSELF, runExample, texts } from './example.js';

it('rejects the late write of an earlier term, and keeps the value of the later one (G3, G8)', async () => {
  await using server = await startRedis();
  const redis = await server.client();
  await using example = runExample('fenced-write', server.url);
  expect(await example.exit).toEqual(BY_ITSELF);

  const tokens = texts(example).map((text) => Number(/token (\d+)$/.exec(text)?.[1]));
  const [first = 0, second = 0] = tokens;
  expect(second).toBeGreaterThan(first);
  expect(texts(example)).toEqual([
    `accepted: "written in term 1", token ${first}`,
    `accepted: "written in term 2", token ${second}`,
    `refused: "written in term 1, late", token ${first}`,
    'the resource says "written in term 2"',
  ]);
  expect(await redis.hGetAll('examples/resource')).toEqual({ token: String(second), value: 'written in term 2' });
  expect(await redis.keys('leader:*')).toEqual([]);
});
