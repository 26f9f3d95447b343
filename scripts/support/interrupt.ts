/** The user, or whatever runs this, wants it to end. */
export class Interrupted extends Error {
  constructor(
    message: string,
    /** As shells have it: 128 and the number of the signal. */
    readonly exitCode: number,
  ) {
    super(message);
  }
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const SIGPIPE = 13;

export interface Ending extends Disposable {
  readonly signal: AbortSignal;
  /** Ends the run, for the first reason given. */
  abort(reason: Error): void;
}

/**
 * Turns the ways in which a run is told to end into one signal, so that it ends in order: nothing
 * is left running.
 */
export function listenForEnd(): Ending {
  const controller = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([name, number]) => {
    const listener = () => controller.abort(new Interrupted(`ended by ${name}`, 128 + number));
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  // Stays: what is written after the reader has gone fails, too.
  process.stdout.on('error', () => controller.abort(new Interrupted('nobody reads on', 128 + SIGPIPE)));
  process.stderr.on('error', () => {});
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => {
      for (const stop of listeners) stop();
    },
  };
}
