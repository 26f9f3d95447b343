import { Random } from '../random.js';
import { FAULT_KINDS } from './fault-kinds.js';
import {
  CALM_MACHINE,
  type FaultEvent,
  type FaultKindName,
  fair,
  KEY,
  type MachinePlan,
  type NeighbourPlan,
  type Network,
  type Plan,
} from './plan-schema.js';

/** By how much clock rates may differ: ρ. */
const DRIFT = 0.01;

/** The plan of a seed. With more than one server, candidates stand over a quorum. */
export function planOf(seed: number, servers = 1): Plan {
  if (servers === 1 && Random.of(seed, 'crowd').chance(CROWD_SHARE)) return crowdPlan(seed);
  const plan = withSiblings(withDifferentOptions(withRareKinds(withNeighbourElections(drawPlan(seed)))));
  if (servers === 1) return { ...withPeers(plan), isSilent: Random.of(seed, 'silence').chance(0.2) };
  const random = Random.of(seed, 'servers');
  const others = Array.from({ length: servers - 1 }, () => ({
    rate: rateOf(random),
    ahead: plan.options.ttl * random.pick(0, 0.01, 1, 100) * random.between(-1, 1),
  }));
  const faults = plan.faults.map((one) => ({ ...one, server: random.whole(0, servers - 1) }));
  return { ...plan, others, faults };
}

function drawPlan(seed: number): Plan {
  const random = Random.of(seed, 'plan');
  const ttl = random.pick(500, 1_000, 2_000, 5_000, 10_000);
  const options = optionsOf(ttl, random);
  const harsh = random.next();
  const present = presentKinds(random);
  const lasts = ttl * random.whole(4, 24);
  const machines = Array.from({ length: random.whole(2, 5) }, () => machineOf(ttl, harsh, random));
  const faults: FaultEvent[] = [];
  const pace = ttl * random.pick(0.3, 0.7, 1.5, 3);
  for (let at = random.next() * pace; at < lasts && present.length > 0; at += -Math.log(1 - random.next()) * pace) {
    faults.push(faultOf(at, present, ttl, machines.length, harsh, random));
  }
  return {
    seed,
    lasts,
    options,
    network: networkOf(options.timeout, harsh, random),
    serverRate: rateOf(random),
    machines,
    faults,
  };
}

/**
 * In a quarter of all worlds, adds elections to some processes. Most have the same times, so that
 * they share timers.
 */
function withNeighbourElections(plan: Plan): Plan {
  const random = Random.of(plan.seed, 'neighbours');
  if (!random.chance(0.25)) return plan;
  const { lasts, options } = plan;
  const neighbour = (): NeighbourPlan => {
    const ttl = Math.floor(options.ttl * random.pick(0.5, 1, 1, 1, 3));
    const timeout = Math.min(options.timeout, Math.floor(ttl / 10));
    const renewEvery = ttl === options.ttl ? options.renewEvery : Math.floor(ttl / 3);
    const hangsFor = Math.min(lasts, ttl * random.pick(0, 0.3, 1.5) * random.next());
    const hangs = { at: random.next() * (lasts - hangsFor), lasts: hangsFor };
    return { options: { ttl, timeout, renewEvery, jitter: options.jitter }, joins: random.next() * options.ttl, hangs };
  };
  const addNeighbours = (machine: MachinePlan): MachinePlan => ({
    ...machine,
    neighbours: Array.from({ length: random.whole(0, 3) }, neighbour),
  });
  return { ...plan, machines: plan.machines.map(addNeighbours) };
}

/** `plan` with each machine changed, including newcomers' machines. */
function withMachines(plan: Plan, change: (machine: MachinePlan) => MachinePlan): Plan {
  const machines = plan.machines.map(change);
  const faults = plan.faults.map(({ newcomer, ...one }) => ({
    ...one,
    ...(newcomer && { newcomer: change(newcomer) }),
  }));
  return { ...plan, machines, faults };
}

/** In one of seven worlds, gives candidates different options, all but the ttl. */
function withDifferentOptions(plan: Plan): Plan {
  const random = Random.of(plan.seed, 'options');
  if (!random.chance(0.15)) return plan;
  const change = (machine: MachinePlan): MachinePlan => {
    if (random.chance(0.3)) return machine;
    const { key: _, ttl: __, ...options } = optionsOf(plan.options.ttl, random);
    return { ...machine, options };
  };
  return withMachines(plan, change);
}

/** In one of seven worlds, adds candidates to some processes. */
function withSiblings(plan: Plan): Plan {
  const random = Random.of(plan.seed, 'mates');
  if (!random.chance(0.15)) return plan;
  const change = (machine: MachinePlan): MachinePlan => {
    const count = random.pick(0, 1, 1, 2);
    return {
      ...machine,
      siblings: Array.from({ length: count }, () => machineOf(plan.options.ttl, 0.5, random).style),
    };
  };
  return withMachines(plan, change);
}

/** Adds the kinds that have their own random streams, each in its share of worlds. */
function withRareKinds(plan: Plan): Plan {
  const { seed, lasts, options, machines } = plan;
  const more = (Object.keys(FAULT_KINDS) as FaultKindName[]).flatMap((kind) => {
    const share = shareOf(kind);
    const random = Random.of(seed, kind);
    if (share === undefined || !random.chance(share)) return [];
    const harsh = random.next();
    const one = () => faultOf(random.next() * lasts, [kind], options.ttl, machines.length, harsh, random);
    return Array.from({ length: random.whole(1, 4) }, one);
  });
  if (more.length === 0) return plan;
  return { ...plan, faults: [...plan.faults, ...more].sort((a, b) => a.at - b.at) };
}

const shareOf = (kind: FaultKindName): number | undefined => (FAULT_KINDS[kind] as { readonly share?: number }).share;

/** Faults that a go-leader peer does not detect. */
const MISLEADING_TO_PEERS: ReadonlySet<FaultKindName> = new Set([
  'freeze',
  'clock set forward',
  'clock set back',
  'clock set back and corrected',
  'flush',
  'lease evicted',
  'record evicted',
  'empty restart',
  'restart',
  'failover',
  'failover to another clock',
  'failover while cut off',
  'master demoted',
  'lease overwritten',
  'no lease',
]);

/**
 * In one of ten worlds, adds go-leader peers. A peer takes a lost lease for a free one, and trusts
 * a clock that was set. That is documented, so these worlds have no such faults and no frozen
 * machine.
 */
function withPeers(plan: Plan): Plan {
  const random = Random.of(plan.seed, 'peers');
  if (!random.chance(0.1)) return plan;
  const { ttl } = plan.options;
  const peers = Array.from({ length: random.whole(1, 2) }, () => ({
    wait: ttl * random.pick(0.05, 0.3, 1),
    leads: ttl * random.pick(0, 0.5, 3) * random.next(),
    away: ttl * random.pick(0, 1, 3) * random.next(),
    crashes: random.chance(0.3),
  }));
  return { ...plan, peers, faults: plan.faults.filter(({ kind }) => !MISLEADING_TO_PEERS.has(kind)) };
}

/** The share of worlds with a crowd: each takes as long as a hundred others. */
const CROWD_SHARE = 0.001;

/**
 * A world in which one process has a thousand further elections, and loses its connection for less
 * than a lease.
 */
export function crowdPlan(seed: number, count = 1_000): Plan {
  const random = Random.of(seed, 'crowd of it');
  const plan = calmPlan(1);
  const { ttl, timeout } = plan.options;
  // Requests of all at once are answered within half a timeout. Each election may send several when
  // the connection is back.
  const takes = (0.5 * timeout) / count;
  const outage = { at: 2 * ttl, lasts: ttl * random.between(0.2, 0.4) };
  return { ...plan, seed, lasts: 5 * ttl, machines: [CALM_MACHINE, CALM_MACHINE], crowd: { count, takes, outage } };
}

/** A world of five candidates without faults, with default times, for `minutes`. */
export function calmPlan(minutes: number): Plan {
  const ttl = 10_000;
  return {
    seed: 0,
    lasts: minutes * 60_000,
    options: {
      key: KEY,
      ttl,
      wait: ttl / 2,
      jitter: ttl / 50,
      timeout: ttl / 10,
      drain: ttl,
      renewEvery: Math.floor(ttl / 3),
    },
    network: fair(1),
    serverRate: 1,
    machines: Array.from({ length: 5 }, () => CALM_MACHINE),
    faults: [],
  };
}

function optionsOf(ttl: number, random: Random): Plan['options'] {
  const timeout = Math.floor(ttl / random.pick(8, 10, 20, 50));
  return {
    key: KEY,
    ttl,
    wait: Math.max(1, Math.floor(ttl * random.pick(0.05, 0.2, 0.5, 1.5))),
    jitter: Math.floor(ttl * random.pick(0, 0.02, 0.2)),
    renewEvery: Math.floor(ttl / random.pick(3, 4, 10)),
    timeout,
    drain: Math.floor(ttl * random.pick(0.1, 0.5, 1, 2)),
    coldStart: random.pick('elect', 'wait'),
  };
}

/**
 * Each seed has some kinds of fault and not others: a common kind would otherwise hide what a rare
 * one shows.
 */
function presentKinds(random: Random): FaultKindName[] {
  const share = random.pick(0, 0.1, 0.25, 0.5, 1);
  const kinds = (Object.keys(FAULT_KINDS) as FaultKindName[]).filter((kind) => shareOf(kind) === undefined);
  return kinds.filter(() => random.chance(share));
}

const rateOf = (random: Random): number =>
  random.pick(1, 1, 1 - DRIFT, 1 + DRIFT, random.between(1 - DRIFT, 1 + DRIFT));

function machineOf(ttl: number, harsh: number, random: Random): MachinePlan {
  return {
    rate: rateOf(random),
    lateness: random.pick(0, 1, ttl / 100),
    joins: random.chance(0.5) ? 0 : random.next() * 3 * ttl,
    style: {
      work: random.pick('none', 'switchMap', 'stream', 'slow', 'promise'),
      teardown: ttl * random.pick(0, 0.05, 0.5, 3) * random.next(),
      loop: random.chance(0.2),
      busy: random.pick(0, ttl * random.next()),
      reentrancy: random.chance(0.2) ? 0.3 * harsh : 0,
    },
  };
}

function networkOf(timeout: number, harsh: number, random: Random): Network {
  const bad = random.chance(0.5) ? harsh : 0;
  return {
    latency: timeout * random.pick(0.002, 0.01, 0.05, 0.15),
    spikes: bad * random.pick(0, 0.05),
    loss: bad * random.pick(0, 0.02, 0.1),
    duplicates: bad * random.pick(0, 0.05),
    ordered: random.chance(0.5),
  };
}

function faultOf(
  at: number,
  present: readonly FaultKindName[],
  ttl: number,
  machines: number,
  harsh: number,
  random: Random,
): FaultEvent {
  const kind = random.pick(...present);
  const lasts = ttl * random.pick(0.05, 0.3, 0.8, 1.3, 2.5) * (0.5 + harsh) * random.next();
  return {
    at,
    kind,
    lasts,
    amount: random.next(),
    aim: random.chance(0.6) ? 'leader' : 'anyone',
    machine: random.whole(0, machines - 1),
    ...('newcomer' in FAULT_KINDS[kind] && { newcomer: machineOf(ttl, harsh, random) }),
  };
}
