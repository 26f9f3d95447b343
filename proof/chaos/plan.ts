import type { Random } from '../random.js';
import { KINDS, type Kind, type KindName, LATE, LENGTHS, type Length, type Target } from './kinds.js';

/** A fault as it is drawn. Whom it befalls is settled when it is due, since nobody knows before who will lead by then. */
export interface Planned {
  readonly kind: KindName;
  readonly length: Length;
  /** ms from the beginning of its round. */
  readonly at: number;
  /** ms that it lasts. */
  readonly lasts: number;
  /** Whether it is aimed at whoever leads; else, and where nobody does, at the candidate of this number. */
  readonly aim: 'leader' | 'anyone';
  readonly candidate: number;
  /** ms by which bytes are late, for those kinds that make them so. */
  readonly late: number;
  /** Whether what a connection has swallowed still arrives when it is healed, or is lost with the connection. */
  readonly held: 'release' | 'drop';
}

/** Faults that overlap, and then none until everybody is well again. */
export interface Round {
  /** ms that faults are begun in. */
  readonly storm: number;
  /** ms that it takes at least, the rest after the faults included. */
  readonly lasts: number;
  readonly faults: readonly Planned[];
}

export interface Wanted {
  readonly minutes: number;
  readonly candidates: number;
}

/** ms of a round, about. */
const ROUND = 20_000;
/** ms at the end of a round in which nothing new is begun: for what still lasts, and the rest. */
const CALM = 5_000;
/** ms between the beginnings of two faults. */
const GAP = [150, 900] as const;
/** How many of the faults befall what. */
const SHARES: ReadonlyArray<readonly [Target, number]> = [
  ['process', 45],
  ['link', 30],
  ['data', 13],
  ['server', 12],
];
/** How many of the faults of candidates are aimed at their leader. */
const AT_LEADER = 0.7;

/** The same for the same seed. */
export function planOf({ minutes, candidates }: Wanted, random: Random): Round[] {
  const total = minutes * 60_000;
  const count = Math.max(1, Math.round(total / ROUND));
  return Array.from({ length: count }, () => roundOf(total / count, candidates, random));
}

function roundOf(lasts: number, candidates: number, random: Random): Round {
  const storm = Math.max(lasts - CALM, lasts / 2);
  const faults: Planned[] = [];
  // A server has one thing done to it at a time, or what ends the one would end the other.
  let serverFreeAt = 0;
  for (let at = 0; at < storm; at += random.whole(...GAP)) {
    const target = weighted(SHARES, random);
    if (target === 'server' && at < serverFreeAt) continue;
    const fault = drawn(target, at, candidates, random);
    if (target === 'server') serverFreeAt = at + fault.lasts + LENGTHS.below[1];
    faults.push(fault);
  }
  return { storm, lasts, faults };
}

function drawn(target: Target, at: number, candidates: number, random: Random): Planned {
  const kinds = KINDS.filter((kind) => kind.target === target);
  const kind = weighted(
    kinds.map((kind) => [kind, kind.weight] as const),
    random,
  );
  const length = random.pick(...(kind.lengths as Kind['lengths']));
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
