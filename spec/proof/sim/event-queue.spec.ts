import { describe, expect, it } from '@jest/globals';
import { Random } from '../../../proof/random.js';
import { EventQueue } from '../../../proof/sim/event-queue.js';

const events = (seed = 1) => new EventQueue(new Random(seed));
const runAll = (one: EventQueue, end = Number.POSITIVE_INFINITY) => {
  while (one.step(end));
};

describe('the events of a world', () => {
  it('lets things happen in the order of time, whatever the order in which they were planned', () => {
    const one = events();
    const random = new Random(7);
    const times = Array.from({ length: 500 }, () => random.whole(0, 10_000));
    const happened: number[] = [];
    for (const time of times) one.at(time, () => happened.push(one.now));
    runAll(one);
    expect(happened).toEqual([...times].sort((a, b) => a - b));
  });

  it('lets what is due at one instant happen in an order that the seed decides', () => {
    const order = (seed: number) => {
      const one = events(seed);
      const happened: string[] = [];
      for (const name of 'abcdefgh') one.at(5, () => happened.push(name));
      runAll(one);
      return happened.join('');
    };
    expect(order(1)).toBe(order(1));
    expect(new Set([1, 2, 3, 4, 5].map(order)).size).toBeGreaterThan(1);
  });

  it('does not let happen what was called off', () => {
    const one = events();
    const happened: string[] = [];
    const entry = one.after(5, () => happened.push('off'));
    one.after(6, () => happened.push('on'));
    entry.run = undefined;
    runAll(one);
    expect(happened).toEqual(['on']);
  });

  it('goes no further than it is told, and on from there', () => {
    const one = events();
    const happened: number[] = [];
    for (const time of [1, 10, 11]) one.at(time, () => happened.push(time));
    runAll(one, 10);
    expect([one.now, happened]).toEqual([10, [1, 10]]);
    runAll(one, 20);
    expect([one.now, happened]).toEqual([20, [1, 10, 11]]);
  });

  it('lets what is planned for the past happen now', () => {
    const one = events();
    one.at(50, () => one.at(3, () => expect(one.now).toBe(50)));
    runAll(one);
    expect.assertions(1);
  });
});
