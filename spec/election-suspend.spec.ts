import { describe, expect, it } from '@jest/globals';
import { NEVER, VirtualTimeScheduler } from 'rxjs';
import { elect } from '../lib/index.js';
import { MemoryLeaseStore } from '../lib/testing/index.js';

const TTL = 10_000;

/** A machine that sleeps for `ms` at 100: its timers stand still meanwhile, and its clock does not. And when which election was renewed on it. */
function machine(ms: number) {
  const scheduler = new VirtualTimeScheduler();
  let slept = 0;
  const clock = { now: () => scheduler.now() + slept };
  const store = new MemoryLeaseStore({ clock, epoch: 0 });
  const renewals: Array<{ readonly key: string; readonly at: number }> = [];
  const renew = store.renew.bind(store);
  store.renew = (request) => {
    renewals.push({ key: request.key, at: clock.now() });
    return renew(request);
  };
  scheduler.schedule(() => {
    slept += ms;
  }, 100);
  const run = (until: number) => {
    scheduler.maxFrames = until;
    scheduler.flush();
  };
  /** Of any, or of one. */
  const renewedAt = (key?: string) =>
    renewals.filter((renewal) => key === undefined || renewal.key === key).map(({ at }) => at);
  return { times: { timeout: 100, jitter: 0, clock, scheduler, store }, renewedAt, run };
}

describe('a machine that was suspended', () => {
  it.each([1, 2, 5])('renews in time what is due when it wakes: %i at once', (count) => {
    const { times, renewedAt, run } = machine(5_500);
    const roles: string[] = [];
    for (let i = 0; i < count; i += 1) {
      elect({ key: `k${i}`, ttl: TTL, renewEvery: 6_000, ...times }).subscribe(({ role }) => roles.push(role));
    }
    run(1.5 * TTL - 5_500);
    const noticed = 250 + 1; // half of the guard
    const isInTime = (at: number) => at >= 5_900 && at <= 6_000 + noticed;
    expect(renewedAt().slice(0, count).map(isInTime)).toEqual(Array(count).fill(true));
    expect(roles).toEqual(Array(count).fill('leader'));
  });

  it('lets no leader wait for the alarm of a follower, which has slept', () => {
    const { times, renewedAt, run } = machine(1_000);
    const { store } = times;
    store.notices = () => NEVER;
    const common = { ttl: TTL, name: 'somebody', timeout: 100 };
    store
      .acquire({ verb: 'acquire', key: 'taken', id: 'somebody/1', lastToken: 0, coldStart: 'elect', ...common })
      .subscribe();
    // The follower asks again when the second renewal of the leader is due.
    for (const key of ['taken', 'free']) {
      elect({ key, ttl: TTL, renewEvery: 3_000, wait: 6_000, ...times }).subscribe();
    }
    run(6_500);
    expect(renewedAt()).toEqual([3_000, 6_000]);
  });

  it('lets no leader wait for the alarm of one with a longer ttl, which has slept and does not notice', () => {
    const { times, renewedAt, run } = machine(5_000);
    elect({ key: 'long', ttl: 360 * TTL, renewEvery: 12_000, ...times }).subscribe();
    elect({ key: 'short', ttl: TTL, renewEvery: 6_000, ...times }).subscribe();
    run(7_500);
    expect(renewedAt('short')).toEqual([6_000, 12_000]);
  });
});
