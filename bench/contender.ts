/**
 * Where Redis is. Each contender has a database of its own there, by which its requests are told
 * from those of others.
 */
export interface Link {
  readonly host: string;
  readonly port: number;
  readonly database: number;
}

/** A candidate that stands. */
export interface Standing {
  /**
   * Gives its leadership up and leaves; asked only of those who lead. What comes of it is not
   * waited for.
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
