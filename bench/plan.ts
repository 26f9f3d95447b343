import { FIELD } from './field.js';

/** How much is measured: everything that bounds a run in count and time. Times in ms. */
export interface Plan {
  readonly handOver: {
    readonly sizes: ReadonlyArray<{ readonly candidates: number; readonly elections: number }>;
    readonly lasting: number;
    readonly counted: number;
    /** Rivals at a time. They spend it waiting to poll, and disturb each other little. */
    readonly together: number;
  };
  readonly crowd: { readonly elections: number; readonly followers: number; readonly window: number };
  readonly scale: readonly ScaleRound[];
  /** Processes that import a package. */
  readonly imports: number;
}

export interface ScaleRound {
  readonly elections: number;
  /** How long each contender is measured, by id. Other contenders are left out. */
  readonly lasting: Readonly<Record<string, number>>;
}

export type Extent = 'quick' | 'usual' | 'full';

const SIZES = [
  { candidates: 2, elections: 8 },
  { candidates: 10, elections: 4 },
  { candidates: 100, elections: 1 },
  { candidates: 1_000, elections: 1 },
];

/**
 * Of the bare sockets one, since leading is the same in both; and what it costs by the client that
 * rx-leader is given.
 */
const FLOORS = ['floor-all', 'floor-client'];
const SCALED = FIELD.filter(({ id, kind }) => kind !== 'floor' || FLOORS.includes(id)).map(({ id }) => id);
const FEW_RIVALS = ['redlock-5', 'redis-semaphore', 'safe-redis-leader'];
const lasting = (ids: readonly string[], ms: number) => Object.fromEntries(ids.map((id) => [id, ms]));

export const PLANS: Readonly<Record<Extent, Plan>> = {
  quick: {
    handOver: { sizes: [{ candidates: 10, elections: 4 }], lasting: 1_000, counted: 1, together: 7 },
    crowd: { elections: 10, followers: 2, window: 4_000 },
    scale: [{ elections: 1_000, lasting: lasting(['rx-leader', 'floor-all'], 3_000) }],
    imports: 1,
  },
  usual: {
    handOver: { sizes: SIZES, lasting: 4_000, counted: 2, together: 2 },
    crowd: { elections: 20, followers: 4, window: 10_000 },
    scale: [
      { elections: 1_000, lasting: { ...lasting(['rx-leader', ...FLOORS], 30_000), ...lasting(FEW_RIVALS, 10_000) } },
      { elections: 10_000, lasting: lasting(['rx-leader', ...FLOORS], 30_000) },
    ],
    imports: 7,
  },
  full: {
    handOver: { sizes: SIZES, lasting: 15_000, counted: 5, together: 1 },
    crowd: { elections: 50, followers: 4, window: 20_000 },
    scale: [1_000, 10_000].map((elections) => ({ elections, lasting: lasting(SCALED, 30_000) })),
    imports: 15,
  },
};
