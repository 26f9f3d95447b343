import { describe, expect, it } from '@jest/globals';
import { CHAOS_FAULTS, chaosFaultOf, LENGTHS } from '../../../proof/chaos/chaos-faults.js';
import { planOf } from '../../../proof/chaos/plan.js';
import { Random } from '../../../proof/random.js';
import { TIMES } from '../../../proof/times.js';

const plan = (seed: number, wanted = { minutes: 5, candidates: 8 }) => planOf(wanted, new Random(seed));

describe('the plan of a chaos run', () => {
  it('follows from its seed, and differs from that of another', () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
  });

  it('fills the minutes with rounds of twenty to forty seconds', () => {
    for (const minutes of [0.2, 0.5, 1.1, 5]) {
      const rounds = plan(1, { minutes, candidates: 5 });
      const total = rounds.reduce((sum, { lasts }) => sum + lasts, 0);
      expect(total).toBeCloseTo(minutes * 60_000, 3);
      for (const { faultPhase, lasts } of rounds) expect([faultPhase < lasts, lasts < 40_000]).toEqual([true, true]);
    }
  });

  it('draws every kind sooner or later, in each of its lengths', () => {
    const drawn = new Set([1, 2, 3, 4, 5].flatMap(plan5).map(({ kind, length }) => `${kind} ${length}`));
    const all = CHAOS_FAULTS.flatMap(({ name, lengths }) => lengths.map((length) => `${name} ${length}`));
    expect(all.filter((one) => !drawn.has(one))).toEqual([]);
  });

  it('overlaps faults, but never two of the server', () => {
    const faults = plan(3).flatMap((round, number) => round.faults.map((fault) => ({ ...fault, number })));
    const overlapping = (only: (kind: (typeof faults)[number]['kind']) => boolean) =>
      faults.filter(({ number, at, kind }, index) =>
        faults
          .slice(0, index)
          .some((one) => one.number === number && only(kind) && only(one.kind) && one.at + one.lasts > at),
      );
    expect(overlapping(() => true).length).toBeGreaterThan(faults.length / 2);
    expect(overlapping((kind) => chaosFaultOf(kind).target === 'server')).toEqual([]);
  });

  it('loses data while a leader cannot renew, again and again', () => {
    const faults = plan(4).flatMap((round, number) => round.faults.map((fault) => ({ ...fault, number })));
    const losses = faults.filter(
      ({ kind }) => chaosFaultOf(kind).target === 'data' && chaosFaultOf(kind).aftereffect === 'loss',
    );
    const cut = losses.filter(({ number, at }) =>
      faults.some((one) => one.number === number && one.aim === 'leader' && one.at < at && one.at + one.lasts > at),
    );
    expect(cut.length).toBeGreaterThan(15); // more than one a round
  });

  it('ends each round with an outage that outlasts a lease', () => {
    for (const { faults, faultPhase } of plan(6)) {
      const last = faults.at(-1);
      expect(last).toMatchObject({ length: 'beyond', at: faultPhase });
      expect(last && chaosFaultOf(last.kind).target).toBe('server');
    }
  });

  it('has faults that a lease outlives and faults that outlive it, and none in between', () => {
    expect(LENGTHS.below[1]).toBeLessThan(TIMES.ttl - TIMES.renewEvery);
    expect(LENGTHS.beyond[0]).toBeGreaterThan(TIMES.ttl);
    for (const { length, lasts } of plan5(9)) {
      const [least, most] = LENGTHS[length];
      expect(lasts).toBeGreaterThanOrEqual(least);
      expect(lasts).toBeLessThanOrEqual(most);
    }
  });
});

const plan5 = (seed: number) => plan(seed, { minutes: 20, candidates: 5 }).flatMap(({ faults }) => faults);
