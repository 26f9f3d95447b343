/*
 * Numbers that the rules of a store and the Lua scripts share. `npm run lua` puts them into the
 * scripts by their names.
 */

/** A candidate is listed for this many ttls after its last attempt. It makes one in each ttl. */
export const LISTED_TTLS = 1.5;

/**
 * A candidate may estimate the server's time too high by this many ttls while no clock is set: its
 * last reply may be that old, and clocks drift.
 */
export const CLOCK_AHEAD_TTLS = 0.05;

/**
 * The highest number that a record may hold as a token or a time. Clients can still read the next
 * number exactly. Real tokens are µs since 1970.
 */
export const HIGHEST_NUMBER = 2 ** 53 - 2;

/** With more candidates than this, Redis answers the new leader before it notifies the others. */
export const ANNOUNCE_FIRST_MAX = 64;

/** A release looks for a successor among this many candidates, the latest first. */
export const SUCCESSOR_SEARCH = 16;

/** No script reads more candidates than this. */
export const CANDIDATES_MAX = 1000;
