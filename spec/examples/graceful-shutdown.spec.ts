import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { BY_ITSELF, runExample, said, standsBy, texts } from './example.js';

const TTL = 5_000;
/** ms by which the reading of two processes' lines can be out of order. */
const BLUR = 100;

it('finishes the job at hand at SIGTERM, then hands over well within a ttl and ends by itself (G5, G6, G7)', async () => {
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
  expect(await client.keys('leader:*')).toHaveLength(1);
  const done = await said(first, /^job is done$/);
  await said(first, /^released$/);
  const begun = await said(second, /^job begins$/);
  expect(begun.at).toBeGreaterThan(done.at - BLUR);
  expect(begun.at - stopping.at).toBeLessThan(TTL / 2);
  expect(await first.exit).toEqual(BY_ITSELF);
  expect(texts(first).slice(-3)).toEqual(['stopping', 'job is done', 'released']);

  second.signal('SIGTERM');
  expect(await second.exit).toEqual(BY_ITSELF);
  expect(await client.keys('leader:*')).toEqual([]);
});
