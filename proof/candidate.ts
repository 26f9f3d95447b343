import path from 'node:path';
import type { ElectionOptions, ReplicatedOptions } from 'rx-leader';
import { type Script, spawnScript } from '../scripts/support/script.js';
import { until } from '../scripts/support/until.js';
import type { Line, Log } from './checker.js';

/**
 * Options of processes/candidate.ts: how to reach Redis, the options of an election that fit into
 * JSON, and its faults.
 */
export type CandidateOptions = Pick<
  ElectionOptions,
  'key' | 'ttl' | 'wait' | 'jitter' | 'renewEvery' | 'timeout' | 'drain' | 'name' | 'data' | 'coldStart'
> & {
  url: string;
  /**
   * What `url` is that of, a server by default. `pool` is one that is reached by several
   * connections.
   */
  topology?: 'server' | 'pool' | 'sentinel' | 'cluster';
  /**
   * More sentinels, or nodes of the cluster. Further servers: it then stands over a quorum of all.
   */
  others?: readonly string[];
  /** Whose client it has, node-redis's by default. */
  library?: 'node-redis' | 'ioredis';
  /** Makes ioredis subscribe to the sentinels for a new master, which is not its default. */
  failoverDetector?: boolean;
  /** Its store is `replicated`, with these options. */
  replicated?: Pick<ReplicatedOptions, 'replicas' | 'timeout'>;
  username?: string;
  password?: string;
  /** What SIGUSR2 makes it do, such as `block 2000`. */
  act?: string;
  /** Wraps its client into one that its act makes faulty. */
  client?: 'faulty';
  /** ms that its leader-only work takes to stop. */
  teardown?: number;
  /** Does not stand before its act is `stand`. */
  standBy?: boolean;
  /** A clock and timers that stop while the process does, as in a paused virtual machine. */
  clock?: 'ticking';
};

export type RoleLine = Extract<Line, { kind: 'role' }>;

/** Now, by the clock of the logs. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** ms for which a claim counts: several times the interval between claims. */
const FRESH = 50;

/** A candidate's process as the specs handle it. */
export class Candidate implements AsyncDisposable {
  readonly name: string;
  readonly script: Script<Line>;
  readonly #stops: Array<{ from: number; to: number }> = [];
  /** ms within which any change of role is told, several leases after its cause. */
  readonly #patience: number;

  /** `programs` is where they are, with the library that it is to stand by. */
  constructor(programs: string, options: CandidateOptions & { name: string }) {
    this.name = options.name;
    this.#patience = Math.min(60_000, Math.max(10_000, 7 * (options.ttl ?? 0)));
    this.script = spawnScript<Line>(path.join(programs, 'candidate.js'), [JSON.stringify(options)]);
  }

  get log(): Log {
    return { who: this.name, lines: this.script.lines(), stops: this.#stops };
  }

  get roles(): RoleLine[] {
    return this.script.lines().filter((line): line is RoleLine => line.kind === 'role');
  }

  /** Whether its last word, not longer than `fresh` ms ago, is that it leads. */
  claims(fresh = FRESH): boolean {
    const last = lastSaid(this.script.lines());
    return last?.kind === 'claim' && monotonic() - last.to < fresh;
  }

  /** Waits for the next role with these facts since the last call, and skips other roles. */
  async says(facts: Partial<RoleLine>, within = this.#patience): Promise<RoleLine> {
    const found = await this.script
      .next((line) => line.kind === 'role' && has(line, facts), within)
      .catch((cause) => {
        throw new Error(`${this.name} does not say ${JSON.stringify(facts)}; it says ${this.#said()}`, { cause });
      });
    return found as RoleLine;
  }

  async notes(note: string, within = 30_000): Promise<Line & { at: number }> {
    return (await this.script.next((line) => line.kind === 'note' && line.note === note, within)) as never;
  }

  /** SIGSTOP, for as long as `meanwhile` takes; `beyond`: which is longer than its lease. */
  async stopped(meanwhile: () => Promise<unknown>, { beyond = true } = {}): Promise<void> {
    const from = monotonic();
    this.script.signal('SIGSTOP');
    const stop = { from, to: Number.POSITIVE_INFINITY };
    if (beyond) this.#stops.push(stop);
    try {
      await meanwhile();
    } finally {
      stop.to = monotonic();
      this.script.signal('SIGCONT');
    }
  }

  /** Notes a span during which its event loop stood still, for the checker. */
  wasBlocked(from: number, to: number): void {
    this.#stops.push({ from, to });
  }

  /** Resolves when the log covers another `ms`. */
  async goesOn(ms: number): Promise<void> {
    const end = monotonic() + ms;
    const later = (line: Line) => ('from' in line ? line.from : line.at) >= end;
    await until(() => this.script.lines().some(later), {
      within: ms + 30_000,
      what: `${this.name} to go on for ${ms} ms`,
    });
  }

  /** Makes it do `what`, such as `block 2000`; its own `act` by default. */
  act(what?: string): void {
    if (what === undefined) this.script.signal('SIGUSR2');
    else this.script.tell(what);
  }

  /** Leaves in good order; resolves when the process has ended by itself. */
  async close(): Promise<void> {
    this.script.signal('SIGTERM');
    await this.script.exit;
  }

  async kill(): Promise<void> {
    this.script.signal('SIGKILL');
    await this.script.exit;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.script[Symbol.asyncDispose]();
  }

  #said(): string {
    return (
      this.roles.map(({ role, reason, code }) => [role, reason ?? code].filter(Boolean).join('/')).join(', ') ||
      'nothing'
    );
  }
}

const has = (line: RoleLine, facts: Partial<RoleLine>): boolean =>
  Object.entries(facts).every(([key, value]) => line[key as keyof RoleLine] === value);

/** The last that a candidate said of whether it leads. */
function lastSaid(lines: readonly Line[]): Extract<Line, { kind: 'claim' | 'idle' }> | undefined {
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index] as Line;
    if (line.kind === 'claim' || line.kind === 'idle') return line;
  }
  return undefined;
}
