import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { BY_ITSELF, numberIn, runExample, said, standsBy, texts } from './example.js';

it('leads or stands by, passes leadership on at Ctrl-C, and ends by itself (G5, G6)', async () => {
  await using server = await startRedis();
  await using first = runExample('basic', server.url);
  const leading = await said(first, /^leader, token \d+$/);
  await using second = runExample('basic', server.url);
  const standby = await said(second, /^follower/);
  expect(standby.text).toMatch(new RegExp(`^follower \\(standby\\), the leader is .+:${first.pid}$`));

  await standsBy('basic', server);
  first.signal('SIGINT');
  const closed = await said(first, /^follower \(closed\)/);
  const next = await said(second, /^leader/);
  expect(next.at - closed.at).toBeLessThan(5_000 / 2); // half a ttl
  expect(numberIn(next)).toBeGreaterThan(numberIn(leading));
  expect(await first.exit).toEqual(BY_ITSELF);

  second.signal('SIGINT');
  expect(await second.exit).toEqual(BY_ITSELF);
  expect(texts(second)).toHaveLength(3);
  expect(await (await server.client()).keys('leader:*')).toEqual([]);
});
