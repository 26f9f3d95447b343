import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** Returns `file`, or throws if it cannot be written: better now than after the run. */
export function writable(option: string, file: string): string {
  if (file === '') throw new Error(`--${option} must name a file`);
  const exists = statSync(file, { throwIfNoEntry: false });
  if (exists?.isDirectory()) throw new Error(`--${option} must name a file; ${file} is a directory`);
  try {
    accessSync(exists ? file : path.dirname(file), constants.W_OK);
  } catch {
    throw new Error(`--${option}: ${file} cannot be written`);
  }
  return file;
}
