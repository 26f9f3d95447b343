import path from 'node:path';
import { afterEach, expect } from '@jest/globals';
import type { ElectionOptions } from 'rx-leader';
import { bundle, OURS } from '../../proof/mutant.js';
import { type Script, spawnScript } from '../support/script.js';
import { until } from '../support/until.js';

/** Bundled once: a process that need not compile TypeScript starts in a third of the time. */
const PROGRAM = path.join(bundle(OURS, 'spec/e2e/fixtures'), 'candidate.js');

/** What fixtures/candidate.ts takes: how to reach Redis, and those options of an election that fit into JSON. */
export type CandidateOptions = Pick<
  ElectionOptions,
  'key' | 'ttl' | 'wait' | 'jitter' | 'renewEvery' | 'timeout' | 'drain' | 'name' | 'data' | 'coldStart'
> & {
  url: string;
  username?: string;
  password?: string;
  /** Puts a subscriber before the one that prints, which throws at each transition. */
  throws?: boolean;
};

/** A transition as its process told it. */
export interface Told {
  event: 'transition';
  /** Wall time in ms, the one thing that several processes on one machine agree on. */
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

/** What fixtures/candidate.ts prints. */
export type CandidateLine =
  | Told
  /** What a timer of the process saw, `gap` ms after it looked last: told on a change, and after a stall. */
  | { event: 'sample'; now: number; isLeading: boolean; gap: number }
  /** The client's `connect()` rejected. */
  | { event: 'refused'; now: number; message: string }
  | { event: 'complete' | 'closed'; now: number }
  | { event: 'unhandledRejection' | 'uncaughtException'; now: number; message: string };

export type Candidate = Script<CandidateLine>;

export const startCandidate = (options: CandidateOptions): Candidate =>
  spawnScript<CandidateLine>(PROGRAM, [JSON.stringify(options)]);

/** The next transition of `candidate`, whatever it is. */
export async function nextTransition(candidate: Candidate): Promise<Told> {
  return (await candidate.next(({ event }) => event === 'transition')) as Told;
}

/** The next transition of `candidate`, which must have these facts. */
export async function expectNext(candidate: Candidate, facts: Partial<Told>): Promise<Told> {
  const transition = await nextTransition(candidate);
  expect(transition).toMatchObject(facts);
  return transition;
}

export const transitionsOf = (candidate: Candidate): Told[] =>
  candidate.lines().filter((line): line is Told => line.event === 'transition');

/** Fails as soon as one of the candidates tells a transition within `ms`. */
export async function expectNoTransition(candidates: readonly Candidate[], ms: number): Promise<void> {
  const count = () => candidates.map((candidate) => transitionsOf(candidate).length).join();
  const before = count();
  const changed = await until(() => count() !== before, { within: ms }).catch(() => false);
  expect(changed && candidates.map((candidate) => transitionsOf(candidate).at(-1))).toBe(false);
}

/**
 * For one spec file: starts candidates that are gone after each spec, also one that failed. Then none of them may have
 * seen a rejection that nobody handled (G6), nor an exception, unless it was told to throw.
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
