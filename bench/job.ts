/** What a process of its own is started for. All of it goes through its command line. */
export type Job = {
  readonly contender: string;
  readonly host: string;
  readonly port: number;
} & (HandOverJob | CrowdJob | ScaleJob);

/** `elections` at a time, of `candidates` each, hand over again and again. */
export interface HandOverJob {
  readonly kind: 'hand-over';
  readonly candidates: number;
  readonly elections: number;
  /** ms that hand-overs are timed for. */
  readonly lasting: number;
  /** Hand-overs more, of one election, whose requests are counted. */
  readonly counted: number;
}

export interface HandOverResult {
  /** ms each. */
  readonly times: readonly number[];
  /**
   * Requests within 100 ms of each counted release, and from each release until 100 ms after the
   * next one led.
   */
  readonly within: readonly number[];
  readonly altogether: readonly number[];
}

/** Runs `each` candidates in each of `elections`, and reports the leaders until it is killed. */
export interface CrowdJob {
  readonly kind: 'crowd';
  readonly elections: number;
  readonly each: number;
  /** ms over which the candidates come in. */
  readonly over: number;
}

/** Leads in `elections` by one connection for `lasting` ms. */
export interface ScaleJob {
  readonly kind: 'scale';
  readonly elections: number;
  readonly lasting: number;
}

export interface ScaleResult {
  /** Leases that Redis holds in the end. */
  readonly held: number;
  /** Seconds of CPU time in the time measured. */
  readonly cpu: number;
  /** Bytes for each election. */
  readonly heap: number;
  /** ms beyond what an idle loop has. */
  readonly delayP99: number;
  readonly delayMax: number;
}

export const electionKey = (index: number): string => `bench.election.${index}`;
