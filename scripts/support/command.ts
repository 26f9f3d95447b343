import { type Ending, Interrupted, listenForEnd } from './interrupt.js';

/** A command of this project's. */
export interface Command<Args extends { readonly help: boolean }> {
  readonly name: string;
  readonly usage: string;
  /** Throws an error with a message for the user. */
  parse(args: readonly string[]): Args;
  /** Does it, and resolves with the exit code; is to end when it is told to. */
  conduct(args: Args, ending: Ending): Promise<number>;
  /** The exit code where it fails. */
  readonly failed: number;
}

/**
 * Exit codes of what looks for something wrong; `void` where it could not look, or the arguments
 * make no sense.
 */
export const EXIT_CODES = { well: 0, wrong: 1, void: 2 } as const;

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs it with the arguments of this process, and resolves with its exit code. */
export async function runCommand<Args extends { readonly help: boolean }>(command: Command<Args>): Promise<number> {
  const { name, usage, failed } = command;
  let args: Args;
  try {
    args = command.parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message}\n\n${usage}\n`);
    return EXIT_CODES.void;
  }
  if (args.help) {
    say(usage);
    return EXIT_CODES.well;
  }
  using ending = listenForEnd();
  try {
    return await command.conduct(args, ending);
  } catch (error) {
    const reason = ending.signal.aborted ? ending.signal.reason : error;
    if (reason instanceof Interrupted) return reason.exitCode;
    process.stderr.write(`${name}: ${reason instanceof Error ? reason.stack : reason}\n`);
    return failed;
  }
}
