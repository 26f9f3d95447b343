import type { Sent, State } from '../../lib/core/state.js';
import type { CandidateReply, CandidateRequest, Notice } from '../../lib/port/lease-store.js';
import type { Entry } from '../../lib/port/rules/entry.js';

/** One process that stands, and what surrounds `step` in it. */
export interface Candidate {
  readonly process: 'running' | 'paused' | 'dead';
  readonly state: State;
  /** Own time at which the request in flight is given up; Infinity without one. */
  readonly timeoutAt: number;
  /** How many ids it has drawn. */
  readonly ids: number;
}

/** What is on its way, from or to the candidate `of`. */
export type Message =
  | { readonly kind: 'request'; readonly of: number; readonly sent: Sent }
  | { readonly kind: 'reply'; readonly of: number; readonly sent: Sent; readonly reply: CandidateReply }
  | { readonly kind: 'notice'; readonly of: number; readonly notice: Notice }
  /** The work of the term `id` stops. */
  | { readonly kind: 'drained'; readonly of: number; readonly id: string };

/** What no candidate knows, and the properties need. */
export interface Ghost {
  /** The highest token under which anybody has led. */
  readonly token: number;
  /** Ticks in a row, since the last fault, in which a candidate could lead and nobody did. */
  readonly leaderless: number;
  /** Requests since the last tick: many of them are a loop. */
  readonly requests: number;
}

export interface World {
  /** ms, for every candidate and the store: clocks do not drift here. */
  readonly now: number;
  readonly entry: Entry;
  /** How many times the store has lost its data: each time it runs anew. */
  readonly run: number;
  readonly candidates: readonly Candidate[];
  readonly messages: readonly Message[];
  /** Faults that may still happen. */
  readonly faults: number;
  readonly ghost: Ghost;
}

export type Request = CandidateRequest;

/** The store's clock reads this much when `now` is 0, so that a token is far above 0. */
export const EPOCH = 1_000_000_000;

/** Whether the candidate leads at this instant, by its clock: what `election.isLeading` says. */
export const leads = ({ process, state }: Candidate, now: number): boolean =>
  process !== 'dead' && state.phase === 'leading' && now < state.term.deadline;

/** Own time at which a timer of the candidate fires. */
export function dueAt({ state, timeoutAt }: Candidate, wakeAt: (state: State) => number): number {
  return Math.min(wakeAt(state), timeoutAt);
}
