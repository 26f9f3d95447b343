import { describe, expect, it } from '@jest/globals';
import { NEVER, VirtualTimeScheduler } from 'rxjs';
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

  it('lets no leader wait for the alarm of a follower, which has slept', () => {
    const scheduler = new VirtualTimeScheduler();
    let slept = 0;
    const clock = { now: () => scheduler.now() + slept };
    const store = new MemoryLeaseStore({ clock, epoch: 0 });
    store.notices = () => NEVER;
    const renewals: number[] = [];
    const renew = store.renew.bind(store);
    store.renew = (request) => {
      renewals.push(clock.now());
      return renew(request);
    };
    const common = { ttl: TTL, name: 'somebody', timeout: 100 };
    store
      .acquire({ verb: 'acquire', key: 'taken', id: 'somebody/1', lastToken: 0, coldStart: 'elect', ...common })
      .subscribe();
    // The follower asks again when the second renewal of the leader is due.
    const times = { ttl: TTL, timeout: 100, jitter: 0, renewEvery: 3_000, wait: 6_000, clock, scheduler };
    for (const key of ['taken', 'free']) elect({ store, key, ...times }).subscribe();
    scheduler.schedule(() => {
      slept += 1_000;
    }, 100);
    scheduler.maxFrames = 6_500;
    scheduler.flush();
    expect(renewals).toEqual([3_000, 6_000]);
  });

  it('lets no leader wait for the alarm of one with a longer ttl, which has slept and does not notice', () => {
    const scheduler = new VirtualTimeScheduler();
    let slept = 0;
    const clock = { now: () => scheduler.now() + slept };
    const store = new MemoryLeaseStore({ clock, epoch: 0 });
    const renewals: number[] = [];
    const renew = store.renew.bind(store);
    store.renew = (request) => {
      if (request.key === 'short') renewals.push(clock.now());
      return renew(request);
    };
    const times = { timeout: 100, jitter: 0, clock, scheduler };
    elect({ store, key: 'long', ttl: 360 * TTL, renewEvery: 12_000, ...times }).subscribe();
    elect({ store, key: 'short', ttl: TTL, renewEvery: 6_000, ...times }).subscribe();
    scheduler.schedule(() => {
      slept += 5_000;
    }, 100);
    scheduler.maxFrames = 7_500;
    scheduler.flush();
    expect(renewals).toEqual([6_000, 12_000]);
  });
});
