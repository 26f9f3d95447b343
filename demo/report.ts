/**
 * ms of the machine's monotonic clock. Its processes all read the same one, so that what two of them say can be compared.
 */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What the parent tells a candidate, a line of JSON each. */
export type Command =
  | {
      readonly do: 'connect';
      readonly name: string;
      readonly url: string;
      /** The name on a TLS server's certificate: the candidate dials a proxy and would expect that one's. */
      readonly servername?: string;
      readonly key: string;
      readonly ttl: number;
      readonly wait: number;
    }
  | { readonly do: 'stand' }
  | { readonly do: 'close' };

/** A transition, as far as it can be told in JSON. */
export type Role =
  | { readonly role: 'leader'; readonly token: number }
  | { readonly role: 'follower'; readonly reason: string }
  | { readonly role: 'error'; readonly code: string; readonly message: string };

/** What a candidate tells the parent, a line of JSON each. `at` and `until` are in {@link monotonic} ms. */
export type Report =
  | { readonly kind: 'ready'; readonly at: number }
  | ({ readonly kind: 'role'; readonly at: number } & Role)
  /** `isLeading` was true at `at`, and would be so until `until` if nothing more were heard of this process. */
  | { readonly kind: 'yes'; readonly at: number; readonly token: number; readonly until: number }
  /** `isLeading` was false at `at`, for the first time since it was true. */
  | { readonly kind: 'no'; readonly at: number }
  /** `close()` has settled. */
  | { readonly kind: 'closed'; readonly at: number };

export type Cause = 'close' | 'kill' | 'stop' | 'cut' | 'restart' | 'outage';

/** A row of the picture, and the process that has it now: a fresh process in the same row is another candidate. */
export interface Who {
  readonly row: string;
  readonly by: string;
}

/** What the parent itself has done or seen. */
export type Fact =
  | (Who & { readonly kind: 'process'; readonly at: number; readonly state: 'started'; readonly pid: number })
  | (Who & { readonly kind: 'process'; readonly at: number; readonly state: 'stopped' | 'continued' | 'dead' })
  | (Who & { readonly kind: 'healed'; readonly at: number })
  /** `row` is the leader it is aimed at, `by` its process; the server's own incidents have neither. */
  | ({ readonly kind: 'incident'; readonly at: number; readonly cause: Cause } & Partial<Who>)
  | { readonly kind: 'server-up'; readonly at: number }
  /** The story is over, and the candidates are asked to leave; a hand-over on the way out is no part of it. */
  | { readonly kind: 'leave'; readonly at: number }
  /** They have left. */
  | { readonly kind: 'end'; readonly at: number };

/** One line of the run's log, from which everything shown is computed. Times in ms since the candidates began to stand. */
export type Entry = (Report & Who) | Fact;
