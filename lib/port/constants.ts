// The rules (`rules.ts`) and the scripts of the Redis store decide by the same numbers.

/** For how many `ttl`s after its last attempt a candidate stays on the list. It makes one attempt in each. */
export const FRESH = 1.5;

/**
 * The part of a `ttl` by which a candidate may overestimate the store's time while no clock is set.
 * Clocks drift, and the candidate may not have received a reply for long.
 */
export const AHEAD = 0.05;

/** Up to this many candidates, Redis notifies all of a new leader before it answers the leader. */
export const FEW = 64;

/** The highest token or time a record may have. Clients can still read the next number exactly. */
export const HIGHEST = 2 ** 53 - 2;
