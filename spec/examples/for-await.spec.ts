import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { BY_ITSELF, numberIn, runExample, said, texts } from './example.js';

it('releases the lease by leaving the loop, and ends by itself (G6)', async () => {
  await using server = await startRedis();
  const redis = await server.client();
  await using example = runExample('for-await', server.url);
  await said(example, /^step 1/);
  expect(await redis.keys('leader:*')).toHaveLength(1);
  await said(example, /^released$/);
  expect(await redis.keys('leader:*')).toEqual([]);
  expect(await example.exit).toEqual(BY_ITSELF);
  expect(texts(example)).toEqual([
    'leader',
    ...[1, 2, 3].map((step) => expect.stringMatching(`^step ${step} of 3, token \\d+$`)),
    'released',
  ]);
});

it('does its job in one process at a time, each with a higher token (G1, G3)', async () => {
  await using server = await startRedis();
  await using one = runExample('for-await', server.url);
  await using other = runExample('for-await', server.url);
  expect(await one.exit).toEqual(BY_ITSELF);
  expect(await other.exit).toEqual(BY_ITSELF);
  const steps = [one, other].map((example) => example.lines().filter(({ text }) => text.startsWith('step')));
  const [[a, , z], [b]] = steps.sort(([x], [y]) => (x?.at ?? 0) - (y?.at ?? 0)) as [[Step, Step, Step], [Step]];
  expect(b.at).toBeGreaterThan(z.at);
  expect(token(b)).toBeGreaterThan(token(a));
});

type Step = { text: string; at: number };
const token = ({ text, at }: Step): number => numberIn({ text: text.replace(/.*token /, ''), at });
