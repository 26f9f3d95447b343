import { describe, expect, it } from '@jest/globals';
import { planOf } from '../../../proof/sim/plan.js';
import type { Plan } from '../../../proof/sim/plan-schema.js';
import { shrink } from '../../../proof/sim/shrink.js';

/** A plan in which much happens. */
const busy = (): Plan => {
  for (let seed = 1; ; seed += 1) {
    const plan = planOf(seed);
    if (plan.faults.length > 12 && plan.machines.length === 5) return plan;
  }
};

describe('shrinking', () => {
  it('leaves what it takes to go wrong, and nothing else', async () => {
    const plan = busy();
    const [needed, other] = [plan.faults[3], plan.faults[9]];
    const smallest = await shrink(plan, async ({ faults, machines }) => {
      const kinds = faults.map(({ at }) => at);
      return kinds.includes(needed?.at ?? -1) && kinds.includes(other?.at ?? -1) && machines.length >= 2;
    });
    expect(smallest.faults.map(({ at }) => at)).toEqual([needed?.at, other?.at]);
    expect(smallest.faults.every(({ lasts }) => lasts < 1)).toBe(true);
    expect(smallest.machines).toHaveLength(2);
    expect(smallest.machines).toMatchObject(
      Array(2).fill({ rate: 1, lateness: 0, joins: 0, style: { work: 'none', loop: false, reentrancy: 0 } }),
    );
    expect(smallest.network).toMatchObject({ spikes: 0, loss: 0, duplicates: 0, ordered: true });
    expect(smallest.lasts).toBeLessThanOrEqual(Math.ceil((other?.at ?? 0) + 1));
    expect(smallest.seed).toBe(plan.seed);
  });

  it('leaves a plan as it is of which every part is needed', async () => {
    const plan = busy();
    expect(await shrink(plan, async (smaller) => smaller === plan)).toBe(plan);
  });

  it('ends, however much still fails', async () => {
    let tries = 0;
    await shrink(busy(), async () => {
      tries += 1;
      return true;
    });
    expect(tries).toBeLessThanOrEqual(1_500);
  });
});

describe('the plan of a seed', () => {
  it('is the same each time, and another for another seed', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7)).not.toEqual(planOf(8));
  });

  it('has nothing in it that is not plain data', () => {
    const plan = busy();
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});
