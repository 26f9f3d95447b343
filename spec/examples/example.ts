import { listedAsHearing } from '../support/listed.js';
import type { RedisServer } from '../support/redis.js';
import { type Script, spawnScript } from '../support/script.js';
import { until } from '../support/until.js';

/** A printed line, and when it was read (ms of this process's monotonic clock). */
export interface Line {
  text: string;
  at: number;
}

export type Example = Script<Line>;

/** Runs `examples/<name>.ts` as its header describes. Disposal kills it. */
export const runExample = (name: string, url: string): Example =>
  spawnScript<Line>(`examples/${name}.ts`, [], {
    env: { REDIS_URL: url },
    parse: (text) => ({ text, at: performance.now() }),
  });

/** The next matching line, including lines that were printed meanwhile. */
export const said = (example: Example, pattern: RegExp): Promise<Line> =>
  example.next(({ text }) => pattern.test(text));

export const texts = (example: Example): string[] => example.lines().map(({ text }) => text);

/**
 * Resolves when another process of `examples/<name>.ts` stands by: it knows the leader, and it
 * listens.
 */
export async function standsBy(name: string, server: RedisServer): Promise<void> {
  await listedAsHearing(await server.client(), `examples/${name}`, 1);
}

/** Resolves when the example has printed another line. */
export async function goesOn(example: Example): Promise<void> {
  const before = example.lines().length;
  await until(() => example.lines().length > before, { what: 'another line' });
}

/** The first number in a line. */
export const numberIn = ({ text }: Line): number => Number(/\d+/.exec(text)?.[0]);

/** The exit of an example that ends by itself: no signal, no error. */
export const BY_ITSELF = { code: 0, signal: null };
