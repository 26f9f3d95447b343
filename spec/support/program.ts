import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { afterEach } from '@jest/globals';
import { guard, killAndWait } from './guard.js';

/** A program of this repository, run as a user would. */
export interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly complaints: () => string;
  /** Resolves when it has ended, with its exit code or signal. */
  readonly exit: Promise<number | string | null>;
}

const runs: Run[] = [];

afterEach(async () => {
  for (const { child } of runs.splice(0)) await killAndWait(child);
});

/**
 * Runs `file` until it or the spec ends. It and its children form their own process group, named by
 * its pid.
 */
export const runProgram = (file: string, ...args: string[]): Run => run(['--import', 'tsx', file, ...args]);

/** Runs Node in `folder`, as in a user's project, until it or the spec ends. */
export function runIn(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Run {
  // A consumer must not inherit jest's worker variables and the flags of this run.
  const { NODE_ENV: _, JEST_WORKER_ID: __, NODE_OPTIONS: ___, ...inherited } = process.env;
  return run(args, { cwd: folder, env: { ...inherited, ...env } });
}

function run(args: readonly string[], options: SpawnOptions = {}): Run {
  const child = spawn(process.execPath, args, { ...options, stdio: 'pipe', detached: true });
  guard(child);
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const exit = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  const started = { child, output: () => output, complaints: () => complaints, exit };
  runs.push(started);
  return started;
}
