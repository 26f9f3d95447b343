import type { Random } from '../random.js';
import {
  CHAOS_FAULTS,
  type ChaosFault,
  type ChaosFaultName,
  LATE,
  LENGTHS,
  type Length,
  type Target,
} from './chaos-faults.js';

/**
 * A fault as it is drawn. Its target is chosen when it is due, because the leader is not known
 * before.
 */
export interface PlannedFault {
  readonly kind: ChaosFaultName;
  readonly length: Length;
  /** ms from the beginning of its round. */
  readonly at: number;
  /** ms that it lasts. */
  readonly lasts: number;
  /**
   * Its target: the leader, or the candidate of this number, which is also the target while nobody
   * leads.
   */
  readonly aim: 'leader' | 'anyone';
  readonly candidate: number;
  /** ms of delay, for kinds that delay bytes. */
  readonly late: number;
  /** Whether swallowed bytes still arrive when the connection is healed, or are lost with it. */
  readonly held: 'release' | 'drop';
}

/** Faults that overlap, and then none until everybody is well again. */
export interface Round {
  /** ms during which faults begin, except the last one. */
  readonly faultPhase: number;
  /** ms that it takes at least, the rest after the faults included. */
  readonly lasts: number;
  readonly faults: readonly PlannedFault[];
}

export interface PlanOptions {
  readonly minutes: number;
  readonly candidates: number;
}

/** ms of a round at least, where there are so many. */
const ROUND = 20_000;
/**
 * ms at the end of a round in which only the final outage begins: faults end, and candidates rest.
 */
const QUIET = 6_000;
/** ms between the beginnings of two faults. */
const GAP = [150, 900] as const;
/** Shares of the faults by target. */
const SHARES: ReadonlyArray<readonly [Target, number]> = [
  ['process', 45],
  ['link', 30],
  ['data', 13],
  ['server', 12],
];
/**
 * Faults that cut off nearly all candidates. Each round ends with one, so that there is something
 * to recover from.
 */
const OUTAGES: readonly ChaosFaultName[] = [
  'redis SIGSTOP',
  'restart',
  'failover',
  'failover to a lagging replica',
  'CLIENT PAUSE',
  'DEBUG SLEEP',
  'NOREPLICAS',
  'NOPERM',
];
/** How many of the faults of candidates are aimed at their leader. */
const AT_LEADER = 0.8;
/**
 * The share of faults that stop renewals and come with a loss of data. Only then is it open who
 * may take the lease.
 */
const WITH_LOSS = 0.3;
/** ms from such a fault to the loss. */
const LOSS_AFTER = [20, 300] as const;

/** The same for the same seed. */
export function planOf({ minutes, candidates }: PlanOptions, random: Random): Round[] {
  const total = minutes * 60_000;
  const count = Math.max(1, Math.floor(total / ROUND));
  return Array.from({ length: count }, () => roundOf(total / count, candidates, random));
}

function roundOf(lasts: number, candidates: number, random: Random): Round {
  const faultPhase = Math.max(lasts - QUIET, lasts / 2);
  const faults: PlannedFault[] = [];
  // A server has one thing done to it at a time, with room between them; and at last the outage.
  let serverFreeAt = 0;
  const serverBusyAt = faultPhase - LENGTHS.beyond[1] - LENGTHS.below[1];
  for (let at = 0; at < faultPhase; at += random.whole(...GAP)) {
    const target = weighted(SHARES, random);
    if (target === 'server' && (at < serverFreeAt || at > serverBusyAt)) continue;
    const fault = drawFault(faultsOn(target), at, candidates, random);
    if (target === 'server') serverFreeAt = at + fault.lasts + LENGTHS.below[1];
    faults.push(fault);
    if (fault.aim !== 'leader' || fault.length === 'instant' || !random.chance(WITH_LOSS)) continue;
    const losses = faultsOn('data').filter(({ aftereffect }) => aftereffect === 'loss');
    faults.push(drawFault(losses, Math.min(faultPhase - 1, at + random.whole(...LOSS_AFTER)), candidates, random));
  }
  const outages = CHAOS_FAULTS.filter(({ name }) => OUTAGES.includes(name)).map((kind) => ({
    ...kind,
    lengths: BEYOND,
  }));
  faults.push(drawFault(outages, faultPhase, candidates, random));
  return { faultPhase, lasts, faults: faults.sort((a, b) => a.at - b.at) };
}

const BEYOND = ['beyond'] as const;

const faultsOn = (target: Target) => CHAOS_FAULTS.filter((kind) => kind.target === target);

type Choice = Pick<ChaosFault, 'lengths' | 'weight'> & { readonly name: ChaosFaultName };

function drawFault(kinds: readonly Choice[], at: number, candidates: number, random: Random): PlannedFault {
  const kind = weighted(
    kinds.map((kind) => [kind, kind.weight] as const),
    random,
  );
  const length = random.pick(...kind.lengths);
  const late = kind.name === 'slightly late' ? LATE.slightly : LATE.much;
  return {
    kind: kind.name,
    length,
    at,
    lasts: random.whole(...LENGTHS[length]),
    aim: random.chance(AT_LEADER) ? 'leader' : 'anyone',
    candidate: random.whole(0, candidates - 1),
    late: random.whole(...late),
    held: random.pick('release', 'drop'),
  };
}

function weighted<T>(choices: ReadonlyArray<readonly [T, number]>, random: Random): T {
  let left = random.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [choice, weight] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  return (choices.at(-1) as readonly [T, number])[0];
}
