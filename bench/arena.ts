import { type Script, spawnScript } from '../scripts/support/script.js';
import { esbuild } from './esbuild.js';
import type { CrowdJob, HandOverJob, Job, ScaleJob } from './job.js';
import type { Row } from './report/table.js';

/** Where a run takes place, and when it has to end. */
export interface Arena {
  readonly host: string;
  readonly port: number;
  /** Ids of the measured contenders. */
  readonly entrants: readonly string[];
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Compiled once: dozens of processes run it, and each would be busy for a second before it begins.
 */
const WORKER = 'bench/node_modules/.cache/worker.mjs';

export function compileWorker(): void {
  esbuild().buildSync({
    entryPoints: ['bench/worker.ts'],
    outfile: WORKER,
    bundle: true,
    packages: 'external',
    alias: { 'rx-leader': './lib/index.ts' },
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
}

type Kind = HandOverJob | CrowdJob | ScaleJob;

/** A process for one job; whoever starts it disposes of it. */
export function start<Line>(arena: Arena, contender: string, kind: Kind): Script<Line> {
  const job: Job = { contender, host: arena.host, port: arena.port, ...kind };
  return spawnScript<Line>(WORKER, [JSON.stringify(job)]);
}

type LastLine<Result> = { readonly result: Result } | { readonly failed: string };

/** The figures of a job that ends by itself, made a row of `figures`; or why there are none. */
export async function rowOf<Result>(
  arena: Arena,
  id: string,
  kind: Kind,
  within: number,
  figures: (result: Result) => ReadonlyArray<number | undefined>,
): Promise<Row> {
  await using script = start<LastLine<Result>>(arena, id, kind);
  try {
    const line = await unlessEnded(
      arena,
      script.next(() => true, within),
    );
    return 'result' in line ? { id, figures: figures(line.result) } : { id, missing: line.failed };
  } catch (error) {
    arena.signal.throwIfAborted();
    return { id, missing: (error as Error).message.slice(0, 200).replaceAll('\n', ' ') };
  }
}

/** Rejects as soon as the run has to end, whatever `work` does. */
export async function unlessEnded<T>({ signal }: Pick<Arena, 'signal'>, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
