import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Sees to it that a child does not outlive this process, however this process ends. A handler on
 * 'exit' does not do: it never runs when a jest worker is killed, and inside a spec `process` is
 * jest's copy, whose events nobody emits. So a shell waits for the pipe from this process to
 * close, and then kills with SIGKILL, which ends a stopped process too. It costs one small process
 * a child.
 */
export function guard(child: ChildProcess): void {
  if (child.pid === undefined) return;
  // Detached, or Ctrl-C in a terminal would end the guard before the process it guards against.
  const shell = spawn('/bin/sh', ['-c', 'read -r line; kill -9 "$0"', String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => {}); // no shell here: the caller's own disposal still does its work
  shell.unref();
  (shell.stdin as Socket | null)?.unref();
  // The pid may be given to another process once this child is gone, so its guard goes first.
  child.once('exit', () => shell.kill('SIGKILL'));
  if (hasEnded(child)) shell.kill('SIGKILL');
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Kills a child and resolves when it is gone, also when it is stopped or gone already. */
export async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}
