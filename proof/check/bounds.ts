import type { Settings } from '../../lib/core/settings.js';

/** What costs one of the faults that a run may spend. */
export const MOVES = ['delay', 'lose', 'pause', 'die', 'close', 'resign', 'flush'] as const;
export type MoveName = (typeof MOVES)[number];

/** The reductions: ways to treat two worlds as one. Each can be switched off. */
export const REDUCTIONS = ['ages', 'tokens', 'stale', 'symmetry'] as const;
export type Reduction = (typeof REDUCTIONS)[number];

/** What a run explores. */
export interface Bounds {
  readonly candidates: number;
  /** How many of the costly moves may happen in one history. */
  readonly faults: number;
  readonly ttlTicks: number;
  readonly moves: ReadonlySet<MoveName>;
  /** Whether candidates receive notices. */
  readonly notices: boolean;
  readonly reductions: ReadonlySet<Reduction>;
}

/** ms in a tick. Larger than every constant that the library adds to a time, such as ε. */
export const TICK = 1_000;

/**
 * The options of every candidate, in whole ticks where that is possible. Jitter is 0, so that a
 * time in a state is a time on the grid.
 */
export function settingsOf({ ttlTicks, moves }: Bounds): Settings {
  const ttl = ttlTicks * TICK;
  return {
    key: 'check',
    ttl,
    wait: Math.ceil(ttlTicks / 2) * TICK,
    jitter: 0,
    renewEvery: Math.floor(ttlTicks / 3) * TICK,
    timeout: TICK,
    drain: 2 * TICK,
    name: 'c',
    // A fresh candidate on an emptied store leads beside the incumbent, as documented. 'wait'
    // closes that exception, so runs that lose data use 'wait'.
    coldStart: moves.has('flush') ? 'wait' : 'elect',
  };
}

/**
 * Ticks within which a candidate leads after the last fault. They cover the lease of a dead leader,
 * a second wait after a vanished lease, and a request that fails twice.
 */
export const leaderlessBound = ({ ttlTicks, moves }: Bounds): number =>
  ttlTicks * (moves.has('flush') ? 2 : 1) + Math.ceil(ttlTicks / 2) + 4;
