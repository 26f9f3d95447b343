import path from 'node:path';
import { afterEach, expect } from '@jest/globals';
import type { ElectionOptions } from 'rx-leader';
import { bundle, OURS } from '../../proof/mutant.js';
import { type Script, spawnScript } from '../support/script.js';
import { until } from '../support/until.js';

/** Bundled once: a process that need not compile TypeScript starts in a third of the time. */
const PROGRAM = path.join(bundle(OURS, 'spec/e2e/fixtures'), 'candidate.js');

/**
 * The argument of fixtures/candidate.ts: how to reach Redis, and the options of an election that
 * fit into JSON.
 */
export type CandidateOptions = Pick<
  ElectionOptions,
  'key' | 'ttl' | 'wait' | 'jitter' | 'renewEvery' | 'timeout' | 'drain' | 'name' | 'data' | 'coldStart'
> & {
  url: string;
  username?: string;
  password?: string;
  /** Adds a subscriber before the printing one, which throws at each transition. */
  throws?: boolean;
};

/** A transition as its process reported it. */
export interface Told {
  event: 'transition';
  /** Wall time in ms, the only time that several processes on one machine share. */
  now: number;
  isLeading: boolean;
  role: 'leader' | 'follower' | 'error';
  token?: number;
  id?: string;
  reason?: string;
  /** Id of the holder that a follower named. */
  leader?: string | undefined;
  code?: string;
  message?: string;
}

/** The output of fixtures/candidate.ts. */
export type CandidateLine =
  | Told
  /**
   * A sample of the process's timer, `gap` ms after the previous one. Reported on a change, and
   * after a stall.
   */
  | { event: 'sample'; now: number; isLeading: boolean; gap: number }
  /** The client's `connect()` rejected. */
  | { event: 'refused'; now: number; message: string }
  | { event: 'complete' | 'closed'; now: number }
  | { event: 'unhandledRejection' | 'uncaughtException'; now: number; message: string };

export type Candidate = Script<CandidateLine>;

export const startCandidate = (options: CandidateOptions): Candidate =>
  spawnScript<CandidateLine>(PROGRAM, [JSON.stringify(options)]);

/** Resolves to the next transition of `candidate`. */
export async function nextTransition(candidate: Candidate): Promise<Told> {
  return (await candidate.next(({ event }) => event === 'transition')) as Told;
}

/** Resolves to the next transition of `candidate`, which must contain these facts. */
export async function expectNext(candidate: Candidate, facts: Partial<Told>): Promise<Told> {
  const transition = await nextTransition(candidate);
  expect(transition).toMatchObject(facts);
  return transition;
}

export const transitionsOf = (candidate: Candidate): Told[] =>
  candidate.lines().filter((line): line is Told => line.event === 'transition');

/** Fails as soon as one of the candidates reports a transition within `ms`. */
export async function expectNoTransition(candidates: readonly Candidate[], ms: number): Promise<void> {
  const count = () => candidates.map((candidate) => transitionsOf(candidate).length).join();
  const before = count();
  const changed = await until(() => count() !== before, { within: ms }).catch(() => false);
  expect(changed && candidates.map((candidate) => transitionsOf(candidate).at(-1))).toBe(false);
}

/**
 * Starts candidates that end after each spec of a file, including failed specs.
 * None of them may then have seen an unhandled rejection (G6), or an exception other than a
 * requested one.
 */
export function candidatesOfEachSpec(): (options: CandidateOptions) => Candidate {
  const started: Array<{ candidate: Candidate; throws: boolean }> = [];
  afterEach(async () => {
    const gone = started.splice(0);
    await Promise.all(gone.map(({ candidate }) => candidate[Symbol.asyncDispose]()));
    for (const { candidate, throws } of gone) {
      const forbidden = throws ? ['unhandledRejection'] : ['unhandledRejection', 'uncaughtException'];
      expect(candidate.lines().filter(({ event }) => forbidden.includes(event))).toEqual([]);
    }
  });
  return (options) => {
    const candidate = startCandidate(options);
    started.push({ candidate, throws: options.throws ?? false });
    return candidate;
  };
}
