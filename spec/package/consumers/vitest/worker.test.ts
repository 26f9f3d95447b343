import { createClient } from 'redis';
import { elect, isElectionError } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { firstValueFrom } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, test } from 'vitest';
import { ticks } from './worker.ts';

test('it ticks while it leads, in virtual time', () => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  const store = new MemoryLeaseStore({ clock: scheduler });
  const election = elect({ store, key: 'vitest', scheduler });
  scheduler.run(({ expectObservable }) => {
    expectObservable(ticks(election), '^ 2500ms !').toBe('1s a 999ms b', { a: 'tick 0', b: 'tick 1' });
  });
});

test('it ticks while it leads, on Redis', async () => {
  const redis = createClient({ url: process.env.REDIS_URL ?? '' });
  redis.on('error', () => {});
  await redis.connect();
  const election = elect({ redis, key: 'vitest', ttl: 2_000 });
  expect(await firstValueFrom(ticks(election))).toBe('tick 0');
  await election.close();
  expect(await redis.keys('leader:*')).toEqual([]);
  await redis.close();
});

test("its errors are told from others'", () => {
  let error: unknown;
  try {
    elect({} as never);
  } catch (thrown) {
    error = thrown;
  }
  expect([isElectionError(error), isElectionError(new Error())]).toEqual([true, false]);
});
