import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** Throws unless `file`, the value of `option`, can be written: found out now rather than after the run. */
export function requireWritable(option: string, file: string): void {
  if (file === '') throw new Error(`${option} must name a file`);
  const exists = statSync(file, { throwIfNoEntry: false });
  if (exists?.isDirectory()) throw new Error(`${option} must name a file; ${file} is a directory`);
  try {
    accessSync(exists ? file : path.dirname(file), constants.W_OK);
  } catch {
    throw new Error(`${option}: ${file} cannot be written`);
  }
}
