import { describe, expect, it } from '@jest/globals';
import { NEVER, VirtualTimeScheduler } from 'rxjs';
import { lifetime } from '../../lib/core/settings.js';
import { elect } from '../../lib/index.js';
import { MemoryLeaseStore } from '../../lib/testing/index.js';

const TTL = 10_000;
const EVERY = 3_000;
const TIMEOUT = 400;
/** ms between two elections' beginnings. */
const STEP = 0.05;

/** `count` leaders of one store, one after the other; what they were told, and what timers there are, at `frames`. */
function leaders(count: number, renews: boolean, ...frames: number[]) {
  const scheduler = new VirtualTimeScheduler();
  const clock = { now: () => scheduler.now() };
  const store = new MemoryLeaseStore({ clock, epoch: 0 });
  const asked: number[] = [];
  const renew = store.renew.bind(store);
  store.renew = (request) => {
    asked.push(scheduler.now());
    return renews ? renew(request) : NEVER;
  };
  const times = { ttl: TTL, timeout: TIMEOUT, jitter: 0, renewEvery: EVERY };
  const told: Array<Array<[role: string, at: number]>> = [];
  for (let i = 0; i < count; i += 1) {
    const heard: Array<[string, number]> = [];
    told.push(heard);
    const election = elect({ store, key: `k${i}`, clock, scheduler, ...times });
    scheduler.schedule(() => election.subscribe(({ role }) => heard.push([role, scheduler.now()])), i * STEP);
  }
  const timers = frames.map((frame) => {
    scheduler.maxFrames = frame;
    scheduler.flush();
    return scheduler.actions.filter(({ closed }) => !closed).length;
  });
  return { told, asked, timers };
}

describe('elections that share a store', () => {
  it('take a few timers, however many lead, and wait for answers', () => {
    const [few, many] = [10, 200].map((count) => leaders(count, false, EVERY - 100, EVERY + 100));
    expect(many?.asked.length).toBe(200);
    const idle = 2; // for renewals, and to look for a suspension
    const inFlight = 2; // for the answers, which are given up before a deadline, and to look
    expect(few?.timers).toEqual([idle, inFlight]);
    expect(many?.timers).toEqual([idle, inFlight]);
  });

  it('find each of its renewals unanswered when its time is up, and repeat it', () => {
    const { asked } = leaders(3, false, EVERY + 2 * TIMEOUT);
    const again = TIMEOUT + TIMEOUT / 4;
    expect(asked.length).toBe(6);
    for (const at of asked.slice(3)) expect(Math.abs(at - EVERY - again)).toBeLessThanOrEqual(1);
  });

  it('end each at its own deadline, neither before it nor after', () => {
    const { told } = leaders(40, false, TTL);
    for (const [i, heard] of told.entries()) {
      expect(heard.map(([role]) => role)).toEqual(['leader', 'follower', 'error']);
      expect(heard[1]?.[1]).toBeCloseTo(i * STEP + lifetime(TTL), 6);
    }
  });

  it('renew each in time', () => {
    const { told, asked } = leaders(20, true, 3.5 * EVERY);
    expect(asked.length).toBe(60);
    expect(told.map((heard) => heard.length)).toEqual(Array(20).fill(1));
  });
});
