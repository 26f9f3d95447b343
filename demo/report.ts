/**
 * ms of the machine's monotonic clock. All its processes read the same clock, so their reports are
 * comparable.
 */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** A command from the parent to a candidate, as a line of JSON. */
export type Command =
  | {
      readonly do: 'connect';
      readonly name: string;
      readonly url: string;
      /**
       * The name on a TLS server's certificate. The candidate connects to a proxy, and would
       * otherwise expect the proxy's name.
       */
      readonly servername?: string;
      readonly key: string;
      readonly ttl: number;
      readonly wait: number;
    }
  | { readonly do: 'stand' }
  | { readonly do: 'close' };

/** A transition, as far as JSON can represent it. */
export type Role =
  | { readonly role: 'leader'; readonly token: number }
  | { readonly role: 'follower'; readonly reason: string }
  | { readonly role: 'error'; readonly code: string; readonly message: string };

/**
 * A report from a candidate to the parent, as a line of JSON. `at` and `until` are in {@link
 * monotonic} ms.
 */
export type Report =
  | { readonly kind: 'ready'; readonly at: number }
  | ({ readonly kind: 'role'; readonly at: number } & Role)
  /**
   * `isLeading` was true at `at`, and stays true until `until` unless the process reports
   * otherwise.
   */
  | { readonly kind: 'yes'; readonly at: number; readonly token: number; readonly until: number }
  /** `isLeading` was false at `at`, for the first time since it was true. */
  | { readonly kind: 'no'; readonly at: number }
  /** `close()` has settled. */
  | { readonly kind: 'closed'; readonly at: number };

export type Cause = 'close' | 'kill' | 'stop' | 'cut' | 'restart' | 'outage';

/**
 * A row of the picture, and its current process: a new process in the same row is another
 * candidate.
 */
export interface Who {
  readonly row: string;
  readonly by: string;
}

/** What the parent itself has done or seen. */
export type Fact =
  | (Who & { readonly kind: 'process'; readonly at: number; readonly state: 'started'; readonly pid: number })
  | (Who & { readonly kind: 'process'; readonly at: number; readonly state: 'stopped' | 'continued' | 'dead' })
  | (Who & { readonly kind: 'healed'; readonly at: number })
  /**
   * `row` is the leader that it hits, `by` its process. The server's own incidents have neither.
   */
  | ({ readonly kind: 'incident'; readonly at: number; readonly cause: Cause } & Partial<Who>)
  | { readonly kind: 'server-up'; readonly at: number }
  /** The run is over, and the candidates close. A hand-over at the end does not count. */
  | { readonly kind: 'leave'; readonly at: number }
  /** All candidates have closed. */
  | { readonly kind: 'end'; readonly at: number };

/**
 * One line of the run's log, from which everything shown is computed. Times in ms since the
 * candidates started to stand.
 */
export type Entry = (Report & Who) | Fact;
