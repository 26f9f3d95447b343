import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { BY_ITSELF, goesOn, numberIn, runExample, said, standsBy, texts } from './example.js';

it('works while it leads, and tears the work down before the next leader starts (G7)', async () => {
  await using server = await startRedis();
  await using first = runExample('while-leader', server.url);
  const begun = await said(first, /^term \d+ begins$/);
  await using second = runExample('while-leader', server.url);
  await said(first, /^tick 3 of term/);
  // The second process is ready, so only the first one keeps it from working.
  await standsBy('while-leader', server);
  await goesOn(first);
  expect(texts(second)).toEqual([]);

  first.signal('SIGINT');
  await said(first, /has been torn down$/);
  expect(await first.exit).toEqual(BY_ITSELF);
  const token = numberIn(begun);
  expect(texts(first).at(-1)).toBe(`term ${token} has been torn down`);
  expect(texts(first).slice(0, 4)).toEqual([
    `term ${token} begins`,
    ...[0, 1, 2].map((count) => `tick ${count} of term ${token}`),
  ]);

  expect(numberIn(await said(second, /begins$/))).toBeGreaterThan(token);
  second.signal('SIGINT');
  expect(await second.exit).toEqual(BY_ITSELF);
  expect(await (await server.client()).keys('leader:*')).toEqual([]);
});
