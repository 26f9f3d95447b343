import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TimeoutError } from 'rxjs';
import { guard, hasEnded, killAndWait } from '../scripts/support/guard.js';
import { startProxy, type TcpProxy } from '../scripts/support/proxy.js';
import type { Log } from './log.js';
import type { Command, Who } from './report.js';
import type { Server } from './server.js';

export interface Timing {
  /** The ttl of the lease, in ms. */
  readonly ttl: number;
  /** The longest time in ms between two attempts of a follower. */
  readonly wait: number;
}

/** ms for a process to start and connect, on a busy machine. */
const PATIENCE = 15_000;

const PROGRAM = fileURLToPath(new URL('candidate.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A candidate's process, as its parent sees it. */
export class Candidate implements Who {
  readonly row: string;
  readonly by: string;
  readonly #log: Log;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #expected = false;
  #stopped = false;

  constructor(row: string, by: string, log: Log, onLost: (error: Error) => void) {
    this.row = row;
    this.by = by;
    this.#log = log;
    // Detached: Ctrl-C in a terminal reaches only the parent, which then ends the candidates in
    // order.
    this.#child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], { cwd: ROOT, detached: true, stdio: 'pipe' });
    guard(this.#child);
    let complaint = '';
    this.#child.stdin.on('error', () => {}); // it has ended, and 'exit' reports it
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2_000);
    });
    this.#child.on('error', onLost);
    this.#child.on('close', (code, signal) => {
      const why = /^\w*Error.*$/m.exec(complaint)?.[0] ?? complaint.trim().split('\n').at(-1);
      if (!this.#expected) onLost(new Error(`${row} ended by itself (${signal ?? code}): ${why || 'no reason given'}`));
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => log.hear({ ...JSON.parse(line), row, by }));
  }

  tell(command: Command): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /** Makes it a candidate for the first time. */
  stand(): void {
    const { row, by } = this;
    this.#log.note({ kind: 'process', row, by, state: 'started', pid: this.#child.pid ?? -1 });
    this.tell({ do: 'stand' });
  }

  /** SIGSTOP: it does nothing, and does not know. */
  stop(): void {
    this.#stopped = true;
    this.#child.kill('SIGSTOP');
    // After stopping, and before continuing: the log never shows it running shorter than it did.
    this.#note('stopped');
  }

  /** SIGCONT. */
  continue(): void {
    if (!this.#stopped || hasEnded(this.#child)) return;
    this.#stopped = false;
    this.#note('continued');
    this.#child.kill('SIGCONT');
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#expected = true;
    const ended = killAndWait(this.#child);
    this.#note('dead');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#expected = true;
    if (this.#stopped) this.#child.kill('SIGCONT');
    await killAndWait(this.#child);
  }

  #note(state: 'stopped' | 'continued' | 'dead'): void {
    this.#log.note({ kind: 'process', row: this.row, by: this.by, state });
  }
}

/**
 * All candidates, one for each row. Every row reaches the server through its own proxy, so that it
 * can be cut off.
 */
export class Crew implements AsyncDisposable {
  readonly #rows = new Map<string, { readonly link: TcpProxy; candidate?: Candidate; processes: number }>();
  readonly #all: Candidate[] = [];

  constructor(
    readonly log: Log,
    readonly server: Server,
    readonly timing: Timing,
    /** Called when a candidate ends unexpectedly. */
    readonly onLost: (error: Error) => void,
  ) {}

  /** Starts a connected candidate in each row, without a candidacy yet. */
  async assemble(names: readonly string[], signal: AbortSignal): Promise<void> {
    for (const row of names) {
      this.#rows.set(row, { link: await startProxy({ target: this.server.target }), processes: 0 });
    }
    await Promise.all(names.map((row) => this.enlist(row, signal)));
  }

  /** Starts a new process for a row. */
  async enlist(row: string, signal: AbortSignal): Promise<Candidate> {
    const place = this.#row(row);
    place.processes += 1;
    const by = `${row}/${place.processes}`;
    const candidate = new Candidate(row, by, this.log, this.onLost);
    this.#all.push(candidate);
    const { servername, key } = this.server;
    candidate.tell({
      do: 'connect',
      name: row,
      url: this.server.through(place.link.port),
      ...(servername !== undefined && { servername }),
      key,
      ...this.timing,
    });
    const ready = () => this.log.entries.some((entry) => entry.kind === 'ready' && entry.by === by);
    await this.log.until(ready, PATIENCE, signal).catch((error) => {
      throw error instanceof TimeoutError ? new Error(`${row} did not start within ${PATIENCE / 1_000} s`) : error;
    });
    place.candidate = candidate;
    return candidate;
  }

  /** The current candidate of a row. */
  candidate(row: string): Candidate {
    const { candidate } = this.#row(row);
    if (!candidate) throw new Error(`nobody has the row of ${row}`);
    return candidate;
  }

  /** The connection of a row. */
  link(row: string): TcpProxy {
    return this.#row(row).link;
  }

  get candidates(): Candidate[] {
    return [...this.#rows.keys()].map((row) => this.candidate(row));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((candidate) => candidate[Symbol.asyncDispose]()));
    for (const { link } of this.#rows.values()) await link[Symbol.asyncDispose]();
  }

  #row(row: string) {
    const place = this.#rows.get(row);
    if (!place) throw new Error(`there is no row of ${row}`);
    return place;
  }
}
