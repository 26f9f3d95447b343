const { createClient } = require('redis');
const { elect, isElectionError } = require('rx-leader');
const { MemoryLeaseStore } = require('rx-leader/testing');
const { firstValueFrom } = require('rxjs');
const { TestScheduler } = require('rxjs/testing');
const { ticks } = require('./worker.js');

test('it ticks while it leads, in virtual time', () => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  const store = new MemoryLeaseStore({ clock: scheduler });
  const election = elect({ store, key: 'jest', scheduler });
  scheduler.run(({ expectObservable }) => {
    expectObservable(ticks(election), '^ 2500ms !').toBe('1s a 999ms b', { a: 'tick 0', b: 'tick 1' });
  });
});

test('it ticks while it leads, on Redis', async () => {
  const redis = createClient({ url: process.env.REDIS_URL });
  redis.on('error', () => {});
  await redis.connect();
  const election = elect({ redis, key: 'jest', ttl: 2_000 });
  expect(await firstValueFrom(ticks(election))).toBe('tick 0');
  await election.close();
  expect(await redis.keys('leader:*')).toEqual([]);
  await redis.close();
});

test("its errors are told from others', in jest's own realm", () => {
  let error;
  try {
    elect({});
  } catch (thrown) {
    error = thrown;
  }
  expect([isElectionError(error), isElectionError(new Error())]).toEqual([true, false]);
});
