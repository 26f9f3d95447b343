import { describe, expect, it } from '@jest/globals';
import { timer } from 'rxjs';
import { monotonicClock } from '../../../lib/clock/clock.js';
import { Random } from '../../../proof/random.js';
import { EventQueue } from '../../../proof/sim/event-queue.js';
import { Machine } from '../../../proof/sim/machine.js';

function machine({ rate = 1, lateness = 0 } = {}) {
  const events = new EventQueue(new Random(1));
  const hooks: string[] = [];
  const one = new Machine(
    'm1',
    events,
    new Random(2),
    { monotonicClock },
    { rate, lateness },
    {
      resumed: () => hooks.push('woke'),
      ranCallback: () => hooks.push('turned'),
    },
  );
  const run = (end: number) => {
    while (events.step(end));
  };
  const rings = (ms: number) => {
    const at: number[] = [];
    timer(ms, one.scheduler).subscribe(() => at.push(events.now));
    return at;
  };
  return { events, one, run, rings, hooks };
}

describe('a machine', () => {
  it('has timers and a clock that run at its own rate', () => {
    const { one, run, rings, events } = machine({ rate: 0.5 });
    const before = one.clock.now();
    const at = rings(100);
    run(1_000);
    expect(at).toEqual([200]);
    expect(one.clock.now() - before).toBeCloseTo(events.now * 0.5, 6);
  });

  it('has timers that ring late by as much as it is told', () => {
    const { run, rings } = machine({ lateness: 5 });
    const late = Array.from({ length: 200 }, () => rings(100));
    run(1_000);
    const times = late.flat();
    expect(times).toHaveLength(200);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...times)).toBeGreaterThan(101);
    expect(Math.max(...times)).toBeLessThanOrEqual(105);
  });

  it('paused: does nothing while its clock goes on, and then all of it, after its user', () => {
    const { one, run, rings, hooks, events } = machine();
    const before = one.clock.now();
    const goOn = one.halt('paused');
    const [first, second] = [rings(10), rings(20)];
    const heard: number[] = [];
    events.at(15, () => one.receive(() => heard.push(events.now)));
    events.at(500, goOn);
    run(400);
    expect([first, second, heard, hooks]).toEqual([[], [], [], []]);
    run(1_000);
    expect([first, second, heard]).toEqual([[500], [500], [500]]);
    expect(hooks).toEqual(['woke', 'turned', 'turned', 'turned']);
    expect(one.clock.now() - before).toBeCloseTo(1_000, 6);
  });

  it('suspended: its timers sleep as well, and its clock counts the time by its uptime', () => {
    const { one, run, rings, events } = machine();
    const at = rings(100);
    const before = one.clock.now();
    run(50);
    const wake = one.halt('suspended');
    events.at(1_050, wake);
    run(2_000);
    expect(at).toEqual([1_100]);
    expect(Math.abs(one.clock.now() - before - 2_000)).toBeLessThanOrEqual(10);
  });

  it('frozen: nothing in it knows that time has passed', () => {
    const { one, run, rings, events } = machine();
    const at = rings(100);
    const before = one.clock.now();
    run(50);
    events.at(1_050, one.halt('frozen'));
    run(2_000);
    expect(at).toEqual([1_100]);
    expect(one.clock.now() - before).toBeCloseTo(1_000, 6);
  });

  it('stands still until whatever stopped it is over', () => {
    const { one, run, rings, events } = machine();
    const at = rings(10);
    events.at(100, one.halt('paused'));
    events.at(200, one.halt('suspended'));
    run(1_000);
    expect(at).toEqual([210]);
  });

  it('dead: is never heard of again', () => {
    const { one, run, rings, hooks, events } = machine();
    const at = rings(10);
    events.at(50, one.halt('paused'));
    one.kill();
    events.at(60, () => one.receive(() => at.push(events.now)));
    run(1_000);
    expect([at, hooks, one.timers]).toEqual([[], [], 0]);
  });

  it('does what is to come soon right after the present callback', () => {
    const { one, run, events } = machine();
    const order: string[] = [];
    events.at(5, () =>
      one.receive(() => {
        one.soon.schedule(() => order.push('soon'));
        order.push('now');
      }),
    );
    events.at(5.001, () => one.receive(() => order.push('later')));
    run(10);
    expect(order).toEqual(['now', 'soon', 'later']);
  });

  it('rings no timer that was called off, also not on waking', () => {
    const { one, run, events } = machine();
    const rung: string[] = [];
    const goOn = one.halt('paused');
    const late = timer(20, one.scheduler).subscribe(() => rung.push('late'));
    timer(10, one.scheduler).subscribe(() => late.unsubscribe());
    events.at(100, goOn);
    run(200);
    expect([rung, one.timers]).toEqual([[], 0]);
  });
});
