import { describe, expect, it } from '@jest/globals';
import { Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Clock } from '../../lib/clock/clock.js';
import { suspendDetectorOf } from '../../lib/stream/suspend-detector.js';

const awakenings = (clock: Clock, scheduler: TestScheduler, every: number) =>
  new Observable<void>((subscriber) => {
    const vigil = suspendDetectorOf(clock, scheduler, every);
    const watcher = { cancelTimers: () => {}, check: () => subscriber.next() };
    vigil.join(watcher);
    return () => vigil.leave(watcher);
  });

function virtually(body: (scheduler: TestScheduler, clock: { now(): number }, sleep: (ms: number) => void) => void) {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  let slept = 0;
  const clock = { now: () => scheduler.now() + slept };
  scheduler.run(() => {
    body(scheduler, clock, (ms) => {
      slept += ms;
    });
  });
}

describe('awakenings', () => {
  it('emit when the clock has gone on without the timers, at the next look', () => {
    virtually((scheduler, clock, sleep) => {
      const seen: number[] = [];
      const subscription = awakenings(clock, scheduler, 10).subscribe(() => seen.push(scheduler.now()));
      scheduler.schedule(() => sleep(6), 14);
      scheduler.schedule(() => sleep(1_000), 33);
      scheduler.schedule(() => subscription.unsubscribe(), 100);
      scheduler.schedule(() => expect(seen).toEqual([20, 40]), 100);
    });
  });

  it('do not emit for a timer that is a little late', () => {
    virtually((scheduler, clock, sleep) => {
      const seen: number[] = [];
      const subscription = awakenings(clock, scheduler, 10).subscribe(() => seen.push(scheduler.now()));
      scheduler.schedule(() => sleep(5), 14);
      scheduler.schedule(() => {
        subscription.unsubscribe();
        expect(seen).toEqual([]);
      }, 100);
    });
  });

  it('are looked for as long as anybody wants, and then let go of', () => {
    virtually((scheduler, clock, sleep) => {
      const seen: number[] = [];
      const subscription = awakenings(clock, scheduler, 10).subscribe(() => seen.push(scheduler.now()));
      scheduler.schedule(() => sleep(1_000), 199_995);
      scheduler.schedule(() => {
        subscription.unsubscribe();
        expect(seen).toEqual([200_000]);
      }, 200_001);
    });
  });

  it('are told to all by one timer, which is gone with the last', () => {
    virtually((scheduler, clock) => {
      const before = scheduler.actions.length;
      const subscriptions = [1, 2, 3].map(() => awakenings(clock, scheduler, 10).subscribe());
      expect(scheduler.actions.length).toBe(before + 1);
      awakenings(clock, scheduler, 20).subscribe().unsubscribe();
      for (const subscription of subscriptions) subscription.unsubscribe();
      expect(scheduler.actions.filter((action) => !action.closed)).toEqual([]);
    });
  });

  it('make all take their timers back before any sets one anew', () => {
    virtually((scheduler, clock, sleep) => {
      const seen: string[] = [];
      const vigil = suspendDetectorOf(clock, scheduler, 10);
      const watchers = ['a', 'b'].map((name) => ({
        cancelTimers: () => seen.push(`${name} shaken`),
        check: () => seen.push(`${name} checks`),
      }));
      for (const each of watchers) vigil.join(each);
      scheduler.schedule(() => sleep(1_000), 5);
      scheduler.schedule(() => {
        for (const each of watchers) vigil.leave(each);
        expect(seen).toEqual(['a shaken', 'b shaken', 'a checks', 'b checks']);
      }, 11);
    });
  });

  it('begin anew after the last has gone', () => {
    virtually((scheduler, clock, sleep) => {
      const seen: number[] = [];
      awakenings(clock, scheduler, 10).subscribe().unsubscribe();
      sleep(1_000);
      const subscription = awakenings(clock, scheduler, 10).subscribe(() => seen.push(scheduler.now()));
      scheduler.schedule(() => {
        subscription.unsubscribe();
        expect(seen).toEqual([]);
      }, 50);
    });
  });
});
