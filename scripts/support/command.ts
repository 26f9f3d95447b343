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

/** The exit code where the arguments make no sense. */
const SENSELESS = 2;

/** Runs it with the arguments of this process, and resolves with its exit code. */
export async function runCommand<Args extends { readonly help: boolean }>(command: Command<Args>): Promise<number> {
  const { name, usage, failed } = command;
  let args: Args;
  try {
    args = command.parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message}\n\n${usage}\n`);
    return SENSELESS;
  }
  if (args.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
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
