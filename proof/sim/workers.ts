import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Build } from '../mutant.js';
import type { Tally } from './simulate.js';

/** A part of the work: the worlds of some seeds, with one library. */
export interface Job {
  readonly library: Build;
  readonly from: number;
  readonly to: number;
  /** Stop at the first world that breaks a promise. */
  readonly first: boolean;
  /** As in {@link planOf}. */
  readonly servers: number;
}

/** The answer of a worker. */
export type WorkerReply = { readonly tally: Tally } | { readonly error: string };

/**
 * Processes that simulate worlds, one for each core. An uncaught exception ends only one of them.
 */
export class Workers implements Disposable {
  readonly #idle: ChildProcess[] = [];
  readonly #waiting: Array<(worker: ChildProcess) => void> = [];
  readonly #all: ChildProcess[] = [];

  constructor(count: number) {
    for (let i = 0; i < count; i += 1) this.#free(this.#start());
  }

  /** Gives the job to the next idle worker. */
  async do(job: Job): Promise<Tally> {
    const worker = this.#idle.pop() ?? (await new Promise<ChildProcess>((resolve) => this.#waiting.push(resolve)));
    const gone = once(worker, 'exit').then(
      ([code, signal]): WorkerReply => ({ error: `a worker ended: ${signal ?? code}` }),
    );
    worker.send(job);
    const answer = await Promise.race([once(worker, 'message').then(([answer]) => answer as WorkerReply), gone]);
    if ('error' in answer) {
      worker.kill('SIGKILL'); // it may be at work on that job still, and would answer the next one with it
      this.#free(this.#start());
      throw new Error(answer.error);
    }
    this.#free(worker);
    return answer.tally;
  }

  [Symbol.dispose](): void {
    for (const worker of this.#all) worker.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)));
    worker.setMaxListeners(0);
    this.#all.push(worker);
    return worker;
  }

  /** Gives an idle worker to the next job. */
  #free(worker: ChildProcess): void {
    const next = this.#waiting.shift();
    if (next) next(worker);
    else this.#idle.push(worker);
  }
}
