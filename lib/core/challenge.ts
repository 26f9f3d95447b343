import type { CutNotice, Holder } from '../port/lease-store.js';
import type { Context, Exiting, Leading, State } from './state.js';
import { earliestAfter } from './wait.js';

/** Whether the last renewal failed. */
export const hasFailedRenewal = (state: Leading | Exiting): boolean =>
  state.mustProbe || (state.phase === 'leading' && state.error !== undefined);

/**
 * Handles a lease that another candidate cut to a shorter ttl.
 *
 * The holder counts on the old ttl until it renews, so it renews soon.
 */
export function handleCut(state: State, { id }: CutNotice, context: Context): State {
  if (isGrantAwaited(state)) return id === state.id ? deferChallenge(state, Number.POSITIVE_INFINITY) : state;
  const isHeld = state.phase === 'leading' || state.phase === 'exiting';
  return isHeld && id === state.term?.id ? renewSoon(state, Number.POSITIVE_INFINITY, context.now, context) : state;
}

/**
 * Handles the election of another candidate.
 *
 * A higher token means that our lease is gone: the store lost it, or all clocks here stood still. A
 * notice never ends a term, but the renewal that detects the loss is sent soon.
 */
export function handleRival(state: State, { id, token }: Holder, context: Context): State {
  if (id === state.id || token === undefined) return state;
  if (isGrantAwaited(state)) return deferChallenge(state, token);
  if (state.phase !== 'leading' || token <= state.term.token) return state;
  return renewSoon(state, token, context.now, context);
}

/** Whether an acquire request is in flight, which may already be granted. */
const isGrantAwaited = (state: State): boolean =>
  state.phase === 'campaigning' && state.sent?.request.verb === 'acquire';

/**
 * Renews at `at`, or a little later if a request was sent just before.
 *
 * If a request is in flight, the state records the challenge by `token`. The reply then schedules a
 * renewal soon if our term has a lower token.
 */
export function renewSoon(state: Leading | Exiting, token: number, at: number, context: Context): State {
  if (state.sent) return deferChallenge(state, token);
  const { term } = state;
  // repeated renewals are under way, or the term is over
  if (hasFailedRenewal(state) || !term || context.now >= term.deadline) return state;
  return { ...state, renewAt: Math.min(state.renewAt, earliestAfter(state.lastSentAt, context, at)) };
}

/**
 * Keeps the challenge until the pending reply arrives. The store may have made that reply before
 * it.
 */
const deferChallenge = (state: State, token: number): State =>
  token > state.notices.rivalToken ? { ...state, notices: { ...state.notices, rivalToken: token } } : state;
