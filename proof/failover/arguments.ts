import { flag, parseOptions, text, value, whole } from '../../scripts/support/options.js';

/** What the user asked for. */
export interface Arguments {
  readonly help: boolean;
  /** Repetitions of each row. */
  readonly times: number;
  /** Repetitions that run at one time. */
  readonly atOnce: number;
  /** Only the rows whose name has this text. */
  readonly only: string;
  /** Whether to put the table into docs/deployments/topologies.md. */
  readonly write: boolean;
}

export const USAGE = `What befalls an election when a master of Redis is lost, replaced or cut off: real servers, sentinels and clusters, three
candidates in processes of their own, and how long nobody led, whether two did, and whether tokens rose. It takes Redis 7, and Linux where servers
are cut off from each other.

  npm run failover -- [options]

  --times N      how often each row is repeated, 3 by default; from 1 to 100
  --at-once N    how many repetitions run at one time, 4 by default; from 1 to 8. They mostly wait
  --only TEXT    only the rows with this text in them, such as "cluster" or "ioredis"
  --write        puts the table into docs/deployments/topologies.md; not with --only
  --help         says this

It exits with 0 if every row could be measured and nothing contradicts the contract, 1 if anything does, 2 if a row could not be measured, or
for arguments that make no sense.`;

/** Throws an error with a message for the user if an argument is wrong. */
export function parseArguments(args: readonly string[]): Arguments {
  const { 'at-once': atOnce, ...others } = parseOptions(args, {
    times: value(whole([1, 100]), 3),
    'at-once': value(whole([1, 8]), 4),
    only: value(text, ''),
    write: flag(),
  });
  if (others.write && others.only !== '') throw new Error('--write takes a run of all rows: not with --only');
  return { ...others, atOnce };
}
