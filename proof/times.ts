/**
 * The times of every election of real processes, in ms: short, but with 75 ms of guard and three
 * renewals to a lease.
 */
export const TIMES = { ttl: 1_500, wait: 300, jitter: 20, renewEvery: 400, timeout: 240 } as const;

/** ms within which somebody leads once a fault is healed. */
export const RECOVERY = TIMES.ttl + TIMES.jitter + 2 * TIMES.timeout;
