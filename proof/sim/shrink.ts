import type { MachinePlan, Plan } from './plan-schema.js';

/** The most plans that are tried. */
const TRIES = 1_500;

/**
 * Returns a smaller plan that still `fails`: fewer faults, fewer machines, a shorter time, a
 * kinder network. It tries large reductions first, and continues from each plan that still fails.
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let smallest = plan;
  let tries = 0;
  for (let found = true; found; ) {
    found = false;
    for (const smaller of smallerThan(smallest)) {
      if (tries >= TRIES) return smallest;
      tries += 1;
      if (!(await fails(smaller))) continue;
      smallest = smaller;
      found = true;
      break;
    }
  }
  return smallest;
}

function* smallerThan(plan: Plan): Generator<Plan> {
  const { faults, machines, peers = [], lasts, network, options } = plan;
  for (let size = Math.ceil(faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < faults.length; from += size) {
      yield { ...plan, faults: without(faults, from, size) };
    }
  }
  for (let index = machines.length - 1; index >= 0 && machines.length > 1; index -= 1) {
    yield { ...plan, machines: without(machines, index, 1) };
  }
  for (const index of peers.keys()) yield { ...plan, peers: without(peers, index, 1) };
  const last = faults.at(-1);
  const end = last ? Math.ceil(last.at + last.lasts) : Math.ceil(lasts / 2);
  if (end < lasts) yield { ...plan, lasts: end };
  yield* changed(plan, 'network', { ...network, spikes: 0, loss: 0, duplicates: 0 });
  yield* changed(plan, 'network', { ...network, ordered: true });
  yield* changed(plan, 'serverRate', 1);
  yield* changed(plan, 'options', { ...options, jitter: 0 });
  yield* changed(plan, 'options', { ...options, coldStart: 'elect' });
  for (const [index, machine] of machines.entries()) {
    const { style, neighbours = [] } = machine;
    for (const simpler of [
      ...neighbours.map((_, n) => ({ ...machine, neighbours: without(neighbours, n, 1) })),
      ...(machine.siblings ?? []).map((_, n) => ({ ...machine, siblings: without(machine.siblings ?? [], n, 1) })),
      withoutOptions(machine),
      { ...machine, rate: 1 },
      { ...machine, lateness: 0 },
      { ...machine, joins: 0 },
      { ...machine, style: { ...style, work: 'none' as const, teardown: 0 } },
      { ...machine, style: { ...style, loop: false, busy: 0 } },
      { ...machine, style: { ...style, reentrancy: 0 } },
    ]) {
      yield* changed(plan, 'machines', replaced(machines, index, simpler));
    }
  }
  for (const [index, fault] of faults.entries()) {
    if (fault.lasts < 1) continue;
    yield* changed(plan, 'faults', replaced(faults, index, { ...fault, lasts: Math.floor(fault.lasts / 2) }));
  }
}

function* changed<Key extends keyof Plan>(plan: Plan, key: Key, value: Plan[Key]): Generator<Plan> {
  if (JSON.stringify(plan[key]) !== JSON.stringify(value)) yield { ...plan, [key]: value };
}

const withoutOptions = ({ options: _, ...machine }: MachinePlan): MachinePlan => machine;

const without = <T>(list: readonly T[], from: number, count: number): T[] => [
  ...list.slice(0, from),
  ...list.slice(from + count),
];

const replaced = <T>(list: readonly T[], index: number, value: T): T[] => [
  ...list.slice(0, index),
  value,
  ...list.slice(index + 1),
];
