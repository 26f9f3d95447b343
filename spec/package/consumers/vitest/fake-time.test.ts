import { elect } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { afterEach, expect, test, vi } from 'vitest';

const TTL = 1_000;

afterEach(() => {
  vi.useRealTimers();
});

/** The machine stands still for `ms` of real time, as in a debugger. */
const pause = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test('it leads on in fake time, whatever real time passes meanwhile', async () => {
  vi.useFakeTimers();
  const election = elect({ store: new MemoryLeaseStore(), key: 'fake', ttl: TTL });
  const roles: string[] = [];
  election.subscribe(({ role }) => roles.push(role));
  await vi.advanceTimersByTimeAsync(10.5 * TTL);
  const remaining = election.term?.remaining() ?? 0;
  pause(1.5 * TTL);
  expect(election.term?.remaining()).toBe(remaining);
  await vi.advanceTimersByTimeAsync(10 * TTL);
  expect([roles, election.isLeading]).toEqual([['leader'], true]);
  const closed = election.close();
  await vi.advanceTimersByTimeAsync(TTL);
  await closed;
});
