import { spawnSync } from 'node:child_process';

/**
 * Maximum ms that a process takes to start on a machine of two cores, while other specs run there
 * too.
 */
const USUAL = 250;
/** A higher factor would make a run too long. */
const MOST = 4;

/**
 * How many times slower than a usual machine this one is now, in whole numbers from 1.
 *
 * Specs multiply times by it if processes or many requests must keep up. Bounds that are ratios of
 * such times stay equally strict.
 */
export const PACE = Math.min(MOST, Math.max(1, Math.round(timeToStart() / USUAL)));

function timeToStart(): number {
  const begun = performance.now();
  spawnSync(process.execPath, ['-e', '']);
  return performance.now() - begun;
}
