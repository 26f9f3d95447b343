import type { CutNotice, Holder } from '../port/lease-store.js';
import type { Context, Exiting, Leading, State } from './state.js';
import { earliestAfter } from './wait.js';

/** Whether the renewal before has failed. */
export const hasFailedRenewal = (state: Leading | Exiting): boolean =>
  state.mustProbe || (state.phase === 'leading' && state.error !== undefined);

/** Somebody has cut a lease to a shorter ttl. Its holder believes in it for longer than it lasts now, unless it renews it. */
export function handleCut(state: State, { id }: CutNotice, context: Context): State {
  if (isGrantAwaited(state)) return id === state.id ? deferChallenge(state, Number.POSITIVE_INFINITY) : state;
  const isHeld = state.phase === 'leading' || state.phase === 'exiting';
  return isHeld && id === state.term?.id ? renewSoon(state, Number.POSITIVE_INFINITY, context.now, context) : state;
}

/**
 * Somebody else was elected. Where that was after this leader, its lease is gone: the store had lost it, or all clocks here stood still. No notice ends a
 * term, but the renewal that finds out is not put off.
 */
export function handleRival(state: State, { id, token }: Holder, context: Context): State {
  if (id === state.id || token === undefined) return state;
  if (isGrantAwaited(state)) return deferChallenge(state, token);
  if (state.phase !== 'leading' || token <= state.term.token) return state;
  return renewSoon(state, token, context.now, context);
}

/** Whether an attempt is under way, whose grant may be on its way back. */
const isGrantAwaited = (state: State): boolean =>
  state.phase === 'campaigning' && state.sent?.request.verb === 'acquire';

/**
 * Renews at `at`, or a little later if something was asked just before; while a request is in flight soon after its answer, where the term has a lower
 * token than `token` then.
 */
export function renewSoon(state: Leading | Exiting, token: number, at: number, context: Context): State {
  if (state.sent) return deferChallenge(state, token);
  const { term } = state;
  if (hasFailedRenewal(state) || !term || context.now >= term.deadline) return state; // it is renewed again and again already, or no more
  return { ...state, renewAt: Math.min(state.renewAt, earliestAfter(state.lastSentAt, context, at)) };
}

/** To be considered with the answer that is awaited, which may have been made before. */
const deferChallenge = (state: State, token: number): State =>
  token > state.notices.rivalToken ? { ...state, notices: { ...state.notices, rivalToken: token } } : state;
