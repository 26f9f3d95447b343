import { jest } from '@jest/globals';
import { type Script, spawnScript } from '../support/script.js';

// No bound is measured by these two, and on a machine with other work a process alone may take seconds to start.
jest.setTimeout(60_000);
export const PATIENCE = 15_000;

/** A printed line, and when it was read (ms of this process's monotonic clock). */
export interface Line {
  text: string;
  at: number;
}

export type Example = Script<Line>;

/** Runs `examples/<name>.ts` as its header says. Disposal kills it. */
export const runExample = (name: string, url: string): Example =>
  spawnScript<Line>(`examples/${name}.ts`, [], {
    env: { REDIS_URL: url },
    parse: (text) => ({ text, at: performance.now() }),
  });

/** The next line that matches, those that came meanwhile included. */
export const said = (example: Example, pattern: RegExp): Promise<Line> =>
  example.next(({ text }) => pattern.test(text), PATIENCE);

export const texts = (example: Example): string[] => example.lines().map(({ text }) => text);

/** The first number in a line. */
export const numberIn = ({ text }: Line): number => Number(/\d+/.exec(text)?.[0]);

/** How an example ends that came to its own end: not by a signal, nor by an error. */
export const BY_ITSELF = { code: 0, signal: null };
