// Imported, not global: a spec's fake timers must not stop what waits for the real world.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /**
   * Most ms to wait, 20 000 by default: enough for a slow machine, so what must be quick needs a
   * bound of its own. A condition that never answers is given up then, too.
   */
  within?: number;
  /** ms between two looks, 10 by default. */
  every?: number;
  /** What is waited for, in the error message; the condition's own source by default. */
  what?: string;
}

type Truthy<T> = Exclude<T, false | 0 | 0n | '' | null | undefined>;

/**
 * Looks again and again until `condition` returns something truthy, and resolves with that. A
 * condition that throws or rejects is not met yet; the last such error becomes the cause of the
 * rejection.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { within = 20_000, every = 10, what }: UntilOptions = {},
): Promise<Truthy<T>> {
  const deadline = performance.now() + within;
  let seen: { value?: unknown; error?: unknown } = {};
  const look = async (): Promise<unknown> => {
    try {
      const value = await condition();
      seen = { value };
      return value;
    } catch (error) {
      seen = { error };
      return false;
    }
  };
  for (;;) {
    const value = await bounded(look(), Math.max(1, deadline - performance.now()));
    if (value) return value as Truthy<T>;
    if (performance.now() + every > deadline) throw notMet(what ?? String(condition), within, seen);
    await sleep(every);
  }
}

/** Resolves with undefined when `work` takes longer than `ms`. */
async function bounded(work: Promise<unknown>, ms: number): Promise<unknown> {
  const stop = new AbortController();
  try {
    return await Promise.race([work, sleep(ms, undefined, { signal: stop.signal })]);
  } finally {
    stop.abort();
  }
}

function notMet(what: string, within: number, seen: { value?: unknown; error?: unknown }): Error {
  if ('error' in seen) return new Error(`not within ${within} ms: ${what} (it threw)`, { cause: seen.error });
  const last = 'value' in seen ? `last ${String(seen.value)}` : 'it never answered';
  return new Error(`not within ${within} ms: ${what} (${last})`);
}
