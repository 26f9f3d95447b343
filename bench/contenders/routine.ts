import type { Standing } from '../contender.js';

/**
 * A candidate of a library that runs a routine while it holds a lock. The candidate leads while the
 * routine runs, and resigns by ending the routine.
 */
export function routine(using: (work: () => Promise<void>) => Promise<void>, led: () => void): Standing {
  let end = (): void => {};
  const work = (): Promise<void> => {
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    led();
    return ended;
  };
  using(work).catch(() => {}); // a lock that is lost, or a process that ends: seen by what it is measured by
  return { resign: () => end() };
}
