import { describe, expect, it } from '@jest/globals';
import { VirtualTimeScheduler } from 'rxjs';
import { type Election, elect } from '../lib/index.js';
import { MemoryLeaseStore } from '../lib/testing/index.js';

const TTL = 10_000;

/** Leaders that share a machine, which sleeps for `ms` at 100: its timers stand still meanwhile, and its clock does not. */
function asleep(count: number, renewEvery: number, ms: number) {
  const scheduler = new VirtualTimeScheduler();
  let slept = 0;
  const clock = { now: () => scheduler.now() + slept };
  const store = new MemoryLeaseStore({ clock, epoch: 0 });
  const renewals: number[] = [];
  const roles: string[] = [];
  const renew = store.renew.bind(store);
  store.renew = (request) => {
    renewals.push(clock.now());
    return renew(request);
  };
  const elections: Election[] = [];
  for (let i = 0; i < count; i += 1) {
    const election = elect({ store, key: `k${i}`, ttl: TTL, timeout: 100, jitter: 0, renewEvery, clock, scheduler });
    election.subscribe(({ role }) => roles.push(role));
    elections.push(election);
  }
  scheduler.schedule(() => {
    slept += ms;
  }, 100);
  scheduler.maxFrames = 1.5 * TTL - ms;
  scheduler.flush();
  return { renewals, roles };
}

describe('a machine that was suspended', () => {
  it.each([1, 2, 5])('renews in time what is due when it wakes: %i at once', (count) => {
    const { renewals, roles } = asleep(count, 6_000, 5_500);
    const noticed = 250 + 1; // half of the guard
    expect(renewals.slice(0, count).map((at) => at >= 5_900 && at <= 6_000 + noticed)).toEqual(Array(count).fill(true));
    expect(roles).toEqual(Array(count).fill('leader'));
  });
});
