import { describe, expect, it } from '@jest/globals';
import { Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Clock } from '../../lib/clock/clock.js';
import { suspendDetectorOf } from '../../lib/stream/suspend-detector.js';

const wakeUps = (clock: Clock, scheduler: TestScheduler, every: number) =>
  new Observable<void>((subscriber) => {
    const detector = suspendDetectorOf(clock, scheduler, every);
    const listener = { cancelTimers: () => {}, check: () => subscriber.next() };
    detector.join(listener);
    return () => detector.leave(listener);
  });

function virtually(body: (scheduler: TestScheduler, clock: { now(): number }, suspend: (ms: number) => void) => void) {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  let suspended = 0;
  const clock = { now: () => scheduler.now() + suspended };
  scheduler.run(() => {
    body(scheduler, clock, (ms) => {
      suspended += ms;
    });
  });
}

describe('a suspend detector', () => {
  it('notifies at the next check after the clock advanced without the timers', () => {
    virtually((scheduler, clock, suspend) => {
      const seen: number[] = [];
      const subscription = wakeUps(clock, scheduler, 10).subscribe(() => seen.push(scheduler.now()));
      scheduler.schedule(() => suspend(6), 14);
      scheduler.schedule(() => suspend(1_000), 33);
      scheduler.schedule(() => subscription.unsubscribe(), 100);
      scheduler.schedule(() => expect(seen).toEqual([20, 40]), 100);
    });
  });

  it('does not notify if a timer is only a little late', () => {
    virtually((scheduler, clock, suspend) => {
      const seen: number[] = [];
      const subscription = wakeUps(clock, scheduler, 10).subscribe(() => seen.push(scheduler.now()));
      scheduler.schedule(() => suspend(5), 14);
      scheduler.schedule(() => {
        subscription.unsubscribe();
        expect(seen).toEqual([]);
      }, 100);
    });
  });

  it('checks as long as it has a listener, and then stops', () => {
    virtually((scheduler, clock, suspend) => {
      const seen: number[] = [];
      const subscription = wakeUps(clock, scheduler, 10).subscribe(() => seen.push(scheduler.now()));
      scheduler.schedule(() => suspend(1_000), 199_995);
      scheduler.schedule(() => {
        subscription.unsubscribe();
        expect(seen).toEqual([200_000]);
      }, 200_001);
    });
  });

  it('uses one timer for all listeners, and cancels it with the last', () => {
    virtually((scheduler, clock) => {
      const before = scheduler.actions.length;
      const subscriptions = [1, 2, 3].map(() => wakeUps(clock, scheduler, 10).subscribe());
      expect(scheduler.actions.length).toBe(before + 1);
      wakeUps(clock, scheduler, 20).subscribe().unsubscribe();
      for (const subscription of subscriptions) subscription.unsubscribe();
      expect(scheduler.actions.filter((action) => !action.closed)).toEqual([]);
    });
  });

  it('makes all listeners cancel their timers before any sets one again', () => {
    virtually((scheduler, clock, suspend) => {
      const seen: string[] = [];
      const detector = suspendDetectorOf(clock, scheduler, 10);
      const listeners = ['a', 'b'].map((name) => ({
        cancelTimers: () => seen.push(`${name} cancels`),
        check: () => seen.push(`${name} checks`),
      }));
      for (const each of listeners) detector.join(each);
      scheduler.schedule(() => suspend(1_000), 5);
      scheduler.schedule(() => {
        for (const each of listeners) detector.leave(each);
        expect(seen).toEqual(['a cancels', 'b cancels', 'a checks', 'b checks']);
      }, 11);
    });
  });

  it('starts again after the last listener left', () => {
    virtually((scheduler, clock, suspend) => {
      const seen: number[] = [];
      wakeUps(clock, scheduler, 10).subscribe().unsubscribe();
      suspend(1_000);
      const subscription = wakeUps(clock, scheduler, 10).subscribe(() => seen.push(scheduler.now()));
      scheduler.schedule(() => {
        subscription.unsubscribe();
        expect(seen).toEqual([]);
      }, 50);
    });
  });
});
