import { describe, expect, it } from '@jest/globals';
import { load } from '../../../proof/library.js';
import { OURS } from '../../../proof/mutant.js';
import { MUTANTS } from '../../../proof/sim/mutants.js';
import { crowdPlan, planOf } from '../../../proof/sim/plan.js';
import type { FaultKindName, Plan } from '../../../proof/sim/plan-schema.js';
import { simulate, trace } from '../../../proof/sim/simulate.js';

const ours = load(OURS);
const named = (name: string) => {
  const found = MUTANTS.find(({ variant }) => variant.name === name);
  if (!found) throw new Error(`there is no mutant ${name}`);
  return { library: load(found.variant), servers: found.servers ?? 1 };
};
/** Each is found out within a few worlds. */
const MUTED = [
  'deadline-ignored',
  'no-suspicion',
  'bare-DEL',
  'release-before-teardown',
  'acquires-in-the-dark',
  'deaf',
  'ignores-rivals',
  'takes-all-alarms-back',
  'takes-what-is-not-recorded',
  'trusts-a-clock-that-was-set-back',
  'stands-by-at-a-replica',
  'puts-back-in-another-database',
  'waits-to-be-told',
  'minority-grants',
  'minority-grants-kept',
  'one-memory-for-all',
  'lost-by-one',
];
const mutants = MUTED.map((name) => [name, named(name)] as const);

describe('a simulated world', () => {
  it('follows from its seed, line by line', async () => {
    for (const seed of [3, 14, 15]) {
      const [first, second] = [await trace(planOf(seed), ours), await trace(planOf(seed), ours)];
      expect(first.lines.length).toBeGreaterThan(50);
      expect(second).toEqual(first);
    }
  });

  it('is the same over one server, whether asked for or not, and another over three', () => {
    expect(planOf(3, 1)).toEqual(planOf(3));
    expect(planOf(3, 3)).toMatchObject({ machines: planOf(3).machines, others: [{}, {}] });
  });

  it('breaks no promise, whatever befalls it (G1–G7)', async () => {
    const { worlds, terms, failures } = await simulate(ours, 1, 101);
    expect(failures).toEqual([]);
    expect(worlds).toBe(100);
    expect(terms).toBeGreaterThan(200);
  });

  it.each([
    [3, 50],
    [5, 20],
  ])('breaks no promise over a quorum of %d servers (G1–G7)', async (servers, count) => {
    const { worlds, terms, failures } = await simulate(ours, 1, count + 1, { servers });
    expect(failures).toEqual([]);
    expect(worlds).toBe(count);
    expect(terms).toBeGreaterThan(2 * count);
  });

  it('objects to who leads when a go-leader peer takes the lease (G1)', async () => {
    const plan = planOf(8);
    expect(plan.peers).toBeDefined();
    const { breaches } = await trace(plan, named('deadline-ignored').library);
    expect(breaches).toContainEqual({
      rule: 'G1',
      at: expect.any(Number),
      text: expect.stringMatching(/^m\d leads, by its term \d+, when p\d takes the lease$/),
    });
  });

  it('spreads the requests of a crowd after an outage, and finds out a library that does not (G5)', async () => {
    const plan = crowdPlan(1, 300);
    expect((await trace(plan, ours)).breaches).toEqual([]);
    const { breaches } = await trace(plan, named('renews-in-step').library);
    expect(breaches).toEqual([
      { rule: 'G5', at: plan.lasts, text: expect.stringMatching(/^requests of a crowd come together long after/) },
    ]);
  });

  it('has candidates whose options differ, several in a process, and rare kinds, each in its share of worlds', () => {
    const plans = Array.from({ length: 400 }, (_, seed) => planOf(seed));
    const share = (is: (plan: Plan) => boolean) => plans.filter(is).length / plans.length;
    const hasKind = (kind: FaultKindName) => (plan: Plan) => plan.faults.some((one) => one.kind === kind);
    expect(share(({ machines }) => machines.some(({ options }) => options))).toBeCloseTo(0.14, 1);
    expect(share(({ machines }) => machines.some(({ siblings = [] }) => siblings.length > 0))).toBeCloseTo(0.14, 1);
    for (const kind of ['clock set back and corrected', 'moved to another database', 'master demoted'] as const) {
      expect(share(hasKind(kind))).toBeCloseTo(0.09, 1);
    }
  });

  it.each(mutants)('finds out a library that lacks something: %s', async (_, { library, servers }) => {
    const { failures } = await simulate(library, 1, 201, { first: true, servers });
    expect(failures).toHaveLength(1);
  });
});
