import { spawnSync } from 'node:child_process';

/** ms that a process takes to start on a machine of two cores, at most, while other specs run there too. */
const USUAL = 250;
/** Beyond it a run would take too long. */
const MOST = 4;

/**
 * How many times as slow as a usual machine this one is now, in whole numbers from 1: what times of a spec are multiplied by where
 * processes or many requests must keep up with them. A bound that is a ratio of such times stays as strict as it was.
 */
export const PACE = Math.min(MOST, Math.max(1, Math.round(timeToStart() / USUAL)));

function timeToStart(): number {
  const begun = performance.now();
  spawnSync(process.execPath, ['-e', '']);
  return performance.now() - begun;
}
