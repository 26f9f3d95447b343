/**
 * The address of Redis. Each contender has its own database there, which identifies its requests.
 */
export interface Link {
  readonly host: string;
  readonly port: number;
  readonly database: number;
}

/** A candidate that stands. */
export interface Standing {
  /**
   * Resigns and leaves the election. Call it on a leader only. The caller does not wait for the
   * result.
   */
  resign(): unknown;
}

/**
 * A connection to Redis, as a process of its own would have one. It lasts as long as the process.
 */
export interface Seat {
  /**
   * Stands for `key`, and calls `led` as soon as it knows that it leads. Of one election a seat
   * has one candidate at a time.
   */
  stand(key: string, led: () => void): Standing;
}

/** A way to elect a leader by Redis. */
export interface Contender {
  /** The key of the lease in Redis. */
  lease(key: string): string;
  sit(link: Link): Promise<Seat>;
}
