/** ms of a lease, for everybody. */
export const TTL = 5_000;
/** ms between two attempts of a polling candidate. */
export const WAIT = 1_000;
