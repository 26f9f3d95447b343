import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { BY_ITSELF, goesOn, runExample, said, standsBy, texts } from './example.js';

it('ends the work together with the election, so that the next leader ticks alone (G7)', async () => {
  await using server = await startRedis();
  await using first = runExample('switch-map', server.url);
  await said(first, /^tick 0$/);
  await using second = runExample('switch-map', server.url);
  await said(first, /^tick 3$/);
  // The second process is ready, so only the first one keeps it from working.
  await standsBy('switch-map', server);
  await goesOn(first);
  expect(texts(second)).toEqual([]);

  first.signal('SIGINT');
  await said(first, /^stopped$/);
  await said(second, /^tick 3$/);
  expect(texts(first).at(-1)).toBe('stopped');
  expect(await first.exit).toEqual(BY_ITSELF);

  second.signal('SIGINT');
  expect(await second.exit).toEqual(BY_ITSELF);
  expect(await (await server.client()).keys('leader:*')).toEqual([]);
});
