import type { CutNotice, Holder } from '../store/lease-store.js';
import { backoff, lifetime } from './settings.js';
import type { Context, Exiting, Leading, State, TermFacts } from './state.js';

/**
 * Own time at which a lease is renewed that is called in question: at once, unless it was asked for just before, at `at`. A flood of notices makes
 * none of renewals.
 */
export const renewalOfChallenged = (at: number, { now, settings }: Context): number =>
  Math.max(now, at + backoff(settings.timeout));

/** Whether the renewal before has failed. */
export const isTroubled = (state: Leading | Exiting): boolean =>
  state.dark || (state.phase === 'leading' && state.error !== undefined);

/** Somebody has cut a lease to a shorter ttl. Its holder believes in it for longer than it lasts now, unless it renews it. */
export function hearCut(state: State, { id }: CutNotice, context: Context): State {
  if (isGrantAwaited(state)) return id === state.id ? challengedMeanwhile(state) : state;
  const isHeld = state.phase === 'leading' || state.phase === 'exiting';
  return isHeld && id === state.term?.id ? challenge(state, state.term, context) : state;
}

/**
 * Somebody else was elected. Where that was after this leader, its lease is gone: the store had lost it, or all clocks here stood still. No notice ends a
 * term, but the renewal that finds out is not put off.
 */
export function hearRival(state: State, { id, token }: Holder, context: Context): State {
  if (isGrantAwaited(state)) return id === state.id ? state : challengedMeanwhile(state);
  if (state.phase !== 'leading' || id === state.id) return state;
  return token !== undefined && token > state.term.token ? challenge(state, state.term, context) : state;
}

/** Whether an attempt is under way, whose grant may be on its way back. */
const isGrantAwaited = (state: State): boolean =>
  state.phase === 'campaigning' && state.sent?.request.verb === 'acquire';

function challenge(state: Leading | Exiting, { deadline }: TermFacts, context: Context): State {
  if (state.sent) return challengedMeanwhile(state);
  if (isTroubled(state)) return state; // it is renewed again and again already
  const renewedAt = deadline - lifetime(context.settings.ttl);
  return { ...state, renewAt: Math.min(state.renewAt, renewalOfChallenged(renewedAt, context)) };
}

/** Heard after the answer that is awaited. */
const challengedMeanwhile = (state: State): State => ({ ...state, hearing: { ...state.hearing, isChallenged: true } });
