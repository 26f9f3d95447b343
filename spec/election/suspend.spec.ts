import { describe, expect, it } from '@jest/globals';
import { delay, NEVER, VirtualTimeScheduler } from 'rxjs';
import { lifetime } from '../../lib/core/settings.js';
import { elect } from '../../lib/index.js';
import { MemoryLeaseStore } from '../../lib/testing/index.js';

const TTL = 10_000;

/**
 * A machine that is suspended for `ms` at `from`: its timers stop, and its clock goes on. It
 * records all renewals.
 */
function machine(ms: number, from = 100) {
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
  const sleep = (ms: number) => {
    slept += ms;
  };
  scheduler.schedule(() => sleep(ms), from);
  const run = (until: number) => {
    scheduler.maxFrames = until;
    scheduler.flush();
  };
  /** Of all elections, or of one. */
  const renewedAt = (key?: string) =>
    renewals.filter((renewal) => key === undefined || renewal.key === key).map(({ at }) => at);
  return { times: { timeout: 100, jitter: 0, clock, scheduler, store }, renewedAt, run, sleep };
}

type Told = Array<[role: string, at: number]>;

/** Expects a term from 0 on without any renewal. */
function expectEndAtDeadline(told: Told): void {
  expect(told.map(([role]) => role).slice(0, 2)).toEqual(['leader', 'follower']);
  expect(told[1]?.[1]).toBeCloseTo(lifetime(TTL), 6);
}

describe('a machine that was suspended', () => {
  it.each([1, 2, 5])('renews all due leases in time when it resumes: %i at once', (count) => {
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

  it('renews in time during a drain (G7)', () => {
    const { times, renewedAt, run } = machine(5_500);
    const election = elect({ key: 'k', ttl: TTL, renewEvery: 6_000, drain: 3 * TTL, ...times });
    election.subscribe((transition) => {
      if (transition.role === 'leader') transition.term.waitUntil(new Promise(() => {}));
    });
    times.scheduler.schedule(() => void election.resign(), 50);
    run(1.5 * TTL - 5_500);
    const [first = Number.NaN] = renewedAt();
    expect(first).toBeGreaterThanOrEqual(5_900);
    expect(first).toBeLessThanOrEqual(6_000 + 250 + 1); // detected within half of the guard
  });

  it('renews a leader’s lease on time although a follower’s timer was suspended', () => {
    const { times, renewedAt, run } = machine(1_000);
    const { store } = times;
    store.notices = () => NEVER;
    const common = { ttl: TTL, name: 'somebody', timeout: 100 };
    store
      .acquire({ verb: 'acquire', key: 'taken', id: 'somebody/1', lastToken: 0, coldStart: 'elect', ...common })
      .subscribe();
    // The follower asks again when the leader's second renewal is due.
    for (const key of ['taken', 'free']) {
      elect({ key, ttl: TTL, renewEvery: 3_000, wait: 6_000, ...times }).subscribe();
    }
    run(6_500);
    expect(renewedAt()).toEqual([3_000, 6_000]);
  });

  it('renews on time although a timer with a longer ttl was suspended and did not detect it', () => {
    const { times, renewedAt, run } = machine(5_000);
    elect({ key: 'long', ttl: 360 * TTL, renewEvery: 12_000, ...times }).subscribe();
    elect({ key: 'short', ttl: TTL, renewEvery: 6_000, ...times }).subscribe();
    run(7_500);
    expect(renewedAt('short')).toEqual([6_000, 12_000]);
  });

  it('ends a term in time whose renewal was in flight, though the request times out late', () => {
    const { times, run } = machine(5_975, 3_050);
    times.store.renew = () => NEVER;
    const told: Told = [];
    const common = { ...times, ttl: TTL, renewEvery: 3_000, timeout: 400 };
    elect({ key: 'k', ...common }).subscribe(({ role }) => told.push([role, times.clock.now()]));
    run(TTL - 5_975);
    expectEndAtDeadline(told);
  });
});

describe('a leader whose lease is renewed while subscribers still receive its term', () => {
  it('ends in time if they block so long that the request would time out after its deadline', () => {
    const { times, run, sleep } = machine(0);
    const { store, scheduler } = times;
    store.renew = () => NEVER;
    const acquire = store.acquire.bind(store);
    store.acquire = (request) => acquire(request).pipe(delay(1, scheduler));
    const told: Told = [];
    const election = elect({ key: 'k', ttl: TTL, renewEvery: 3_000, ...times, timeout: 400 });
    election.subscribe(({ role }) => {
      if (role !== 'leader') return;
      sleep(3_000);
      election.subscribe(); // triggers a check of the clock, and a renewal
    });
    election.subscribe(({ role }) => {
      told.push([role, times.clock.now()]);
      if (role === 'leader') sleep(6_200);
    });
    run(TTL);
    expectEndAtDeadline(told);
  });
});
