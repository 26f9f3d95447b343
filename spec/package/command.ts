import { spawn } from 'node:child_process';
import { guard, killAndWait } from '../support/guard.js';

/** ms that any one command may take, an installation from an empty cache included. */
const PATIENCE = 500_000;

/** Runs `npm` in `folder`, and resolves to what it prints. Rejects unless it succeeds. */
export const npm = (folder: string, ...args: string[]): Promise<string> => command(folder, 'npm', args);

/** Runs Node, the one that runs the specs, in `folder`. */
export const node = (folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> =>
  command(folder, process.execPath, args, env);

async function command(
  cwd: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  // What jest tells its workers, and the flags of this run, are not for a consumer's.
  const { NODE_ENV: _, JEST_WORKER_ID: __, NODE_OPTIONS: ___, ...inherited } = process.env;
  const child = spawn(program, args, { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  guard(child);
  let printed = '';
  let complained = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complained += text;
  });
  const timer = setTimeout(() => void killAndWait(child), PATIENCE);
  const outcome = await new Promise<unknown>((resolve) => {
    child.once('error', resolve);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  clearTimeout(timer);
  if (outcome === 0) return printed;
  throw new Error(`${program} ${args.join(' ')} ended with ${outcome}\n${printed}${complained}`);
}
