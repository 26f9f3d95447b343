import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../candidate.js';
import type { Case, Client } from './cases/case.js';
import { CLUSTER } from './cases/cluster.js';
import { SENTINEL } from './cases/sentinel.js';
import { ALONE, QUORUM } from './cases/server.js';
import { type Outcome, outcomeOf } from './figures.js';
import { Testbed } from './testbed.js';

/** A case under one library's client. */
export interface Row {
  readonly topology: string;
  readonly fault: string;
  readonly client: string;
  readonly promises: Case['promises'];
  readonly by: Client['by'];
  readonly prepare: Case['prepare'];
}

export interface Result {
  readonly row: Row;
  readonly outcomes: readonly Outcome[];
  /** Why repetitions could not be measured. */
  readonly failures: readonly string[];
}

/** ms for a repetition, from its first server to its last look. */
const LIMIT = 150_000;

/** Every case under each client there is for it. */
export const ROWS: readonly Row[] = [ALONE, SENTINEL, CLUSTER, QUORUM]
  .flat()
  .flatMap(({ clients, ...one }) => clients.map(({ title, by }) => ({ ...one, client: title, by })));

export const nameOf = ({ topology, fault, client }: Row): string => `${topology}: ${fault}; ${client}`;

/**
 * Repeats each row `times` times, `atOnce` at a time. Rejects when `signal` aborts; then nothing
 * is left running.
 */
export async function measure(
  rows: readonly Row[],
  { times, atOnce }: { readonly times: number; readonly atOnce: number },
  programs: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Result[]> {
  const results = rows.map((row) => ({ row, outcomes: [] as Outcome[], failures: [] as string[] }));
  // In rounds: changes in the load of the machine then affect all rows.
  const todo = Array.from({ length: times }, () => results).flat();
  let done = 0;
  const worker = async () => {
    for (let result = todo.shift(); result; result = todo.shift()) {
      const { row, outcomes, failures } = result;
      const said = await repetition(row, programs, signal).then(
        (outcome) => {
          outcomes.push(outcome);
          return describe(outcome);
        },
        (error) => {
          signal.throwIfAborted();
          failures.push(reasonOf(error));
          return `FAILED: ${reasonOf(error)}`;
        },
      );
      done += 1;
      say(`${String(done).padStart(4)} of ${results.length * times}  ${nameOf(row)}: ${said}`);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker)); // each has put away what it had
  signal.throwIfAborted();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

async function repetition(row: Row, programs: string, signal: AbortSignal): Promise<Outcome> {
  await using testbed = new Testbed(programs);
  const ended = new AbortController();
  const limit = sleep(LIMIT, undefined, { signal: AbortSignal.any([signal, ended.signal]) }).then(() => {
    throw new Error(`not done within ${LIMIT / 1_000} s`);
  });
  try {
    return await Promise.race([runRow(row, testbed), limit]);
  } finally {
    ended.abort();
  }
}

async function runRow({ prepare, by }: Row, testbed: Testbed): Promise<Outcome> {
  const { inject, heal } = await prepare(testbed, by);
  await testbed.letRenew(1_000);
  const faultAt = monotonic();
  await inject();
  await heal?.();
  await testbed.expectOneLeader(heal ? monotonic() : faultAt);
  return outcomeOf(testbed.logs, faultAt);
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function describe({ leaderless, nextAfter, overlap, tokensRose }: Outcome): string {
  return [
    `nobody led for ${leaderless.toFixed(0)} ms`,
    nextAfter === undefined ? 'the term went on' : `the next term after ${nextAfter.toFixed(0)} ms`,
    ...(overlap
      ? [`two led for ${overlap.lasted.toFixed(0)} ms, tokens ${overlap.first.token}, ${overlap.second.token}`]
      : []),
    ...(tokensRose ? [] : ['TOKENS DID NOT RISE']),
  ].join(', ');
}
