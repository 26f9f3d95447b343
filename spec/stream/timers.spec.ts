import { describe, expect, it } from '@jest/globals';
import { NEVER, VirtualTimeScheduler } from 'rxjs';
import { lifetime } from '../../lib/core/settings.js';
import { elect } from '../../lib/index.js';
import { MemoryLeaseStore } from '../../lib/testing/index.js';

const TTL = 10_000;
const EVERY = 3_000;
const TIMEOUT = 400;
/** ms between the starts of two elections. */
const STEP = 0.05;

/**
 * `count` leaders of one store that start one after the other. Returns their transitions, their
 * renewals, and the number of timers at `frames`.
 */
function leaders(count: number, renews: boolean, ...frames: number[]) {
  const scheduler = new VirtualTimeScheduler();
  const clock = { now: () => scheduler.now() };
  const store = new MemoryLeaseStore({ clock, epoch: 0 });
  const sentAt: number[] = [];
  const renew = store.renew.bind(store);
  store.renew = (request) => {
    sentAt.push(scheduler.now());
    return renews ? renew(request) : NEVER;
  };
  const times = { ttl: TTL, timeout: TIMEOUT, jitter: 0, renewEvery: EVERY };
  const transitions: Array<Array<[role: string, at: number]>> = [];
  for (let i = 0; i < count; i += 1) {
    const received: Array<[string, number]> = [];
    transitions.push(received);
    const election = elect({ store, key: `k${i}`, clock, scheduler, ...times });
    scheduler.schedule(() => election.subscribe(({ role }) => received.push([role, scheduler.now()])), i * STEP);
  }
  const timers = frames.map((frame) => {
    scheduler.maxFrames = frame;
    scheduler.flush();
    return scheduler.actions.filter(({ closed }) => !closed).length;
  });
  return { transitions, sentAt, timers };
}

describe('elections with one store', () => {
  it('use few timers while they lead and while they wait for replies, however many lead', () => {
    const [few, many] = [10, 200].map((count) => leaders(count, false, EVERY - 100, EVERY + 100));
    expect(many?.sentAt.length).toBe(200);
    const idle = 2; // one for renewals, one for suspension checks
    const inFlight = 2; // one for timeouts, which come before a deadline, and one for suspension checks
    expect(few?.timers).toEqual([idle, inFlight]);
    expect(many?.timers).toEqual([idle, inFlight]);
  });

  it('detect each unanswered renewal after its timeout, and retry it', () => {
    const { sentAt } = leaders(3, false, EVERY + 2 * TIMEOUT);
    const again = TIMEOUT + TIMEOUT / 4;
    expect(sentAt.length).toBe(6);
    for (const at of sentAt.slice(3)) expect(Math.abs(at - EVERY - again)).toBeLessThanOrEqual(1);
  });

  it('end each term at its own deadline, neither before it nor after', () => {
    const { transitions } = leaders(40, false, TTL);
    for (const [i, received] of transitions.entries()) {
      expect(received.map(([role]) => role)).toEqual(['leader', 'follower', 'error']);
      expect(received[1]?.[1]).toBeCloseTo(i * STEP + lifetime(TTL), 6);
    }
  });

  it('renew each in time', () => {
    const { transitions, sentAt } = leaders(20, true, 3.5 * EVERY);
    expect(sentAt.length).toBe(60);
    expect(transitions.map((received) => received.length)).toEqual(Array(20).fill(1));
  });
});
