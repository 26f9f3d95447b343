import { afterEach, expect, it, jest } from '@jest/globals';
import { elect, type Transition } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';

const TTL = 3_000;

afterEach(() => {
  jest.useRealTimers();
});

it("an election follows Jest's fake timers, with a promise as its work", async () => {
  jest.useFakeTimers();
  const store = new MemoryLeaseStore();
  const election = elect({ store, key: 'k', ttl: TTL, jitter: 0 });
  const begun = Date.now();
  const told: unknown[] = [];
  election.subscribe((transition: Transition) => {
    const { role, at } = transition;
    told.push([at.getTime() - begun, 'reason' in transition ? transition.reason : role]);
    if (role !== 'leader') return;
    const { term } = transition;
    term.waitUntil(new Promise((resolve) => term.signal.addEventListener('abort', () => setTimeout(resolve, TTL / 4))));
  });
  await jest.advanceTimersByTimeAsync(3 * TTL);
  store.put('k', 'thief', TTL / 2);
  await jest.advanceTimersByTimeAsync(3 * TTL);
  // Lost at the next renewal. Led again once the recorded time is over, which the previous renewal
  // wrote.
  expect(told).toEqual([
    [0, 'leader'],
    [3 * TTL + TTL / 3, 'lost'],
    [4 * TTL, 'leader'],
  ]);
  let isClosed = false;
  void election.close().then(() => {
    isClosed = true;
  });
  await jest.advanceTimersByTimeAsync(TTL / 4 - 1);
  expect(isClosed).toBe(false); // it waits for the work
  await jest.advanceTimersByTimeAsync(1);
  expect(isClosed).toBe(true);
  expect(told).toHaveLength(4);
});
