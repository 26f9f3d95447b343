import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { BY_ITSELF, runExample, said, standsBy, texts } from './example.js';

const TTL = 5_000;
/** ms by which lines of two processes can be read out of order. */
const BLUR = 100;

it('finishes the current job at SIGTERM, then hands over well within a ttl and ends by itself (G5, G6, G7)', async () => {
  await using server = await startRedis();
  await using first = runExample('graceful-shutdown', server.url);
  await said(first, /^job is done$/);
  await using second = runExample('graceful-shutdown', server.url);
  const client = await server.client();
  await standsBy('graceful-shutdown', server);
  const begins = first.lines().length;
  await until(() => texts(first).indexOf('job begins', begins) > 0, { what: 'another job' });

  first.signal('SIGTERM');
  const stopping = await said(first, /^stopping$/);
  await said(first, /^released$/);
  const begun = await said(second, /^job begins$/);
  expect(begun.at - stopping.at).toBeLessThan(TTL / 2);
  expect(await first.exit).toEqual(BY_ITSELF);
  // On a slow machine, the signal may arrive between two jobs. No job starts after it, and none
  // stops half-way.
  const lines = texts(first);
  const count = (text: string) => lines.filter((line) => line === text).length;
  expect(lines.lastIndexOf('job begins')).toBeLessThan(lines.indexOf('stopping'));
  expect(count('job is done')).toBe(count('job begins'));
  expect(lines.at(-1)).toBe('released');
  // The lease was kept meanwhile: otherwise the second process would have started earlier.
  const done = first.lines()[lines.lastIndexOf('job is done')];
  expect(begun.at).toBeGreaterThan(Number(done?.at) - BLUR);

  second.signal('SIGTERM');
  expect(await second.exit).toEqual(BY_ITSELF);
  expect(await client.keys('leader:*')).toEqual([]);
});
