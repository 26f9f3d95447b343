import type { Holder, ReleaseReply, ReleaseRequest } from '../port/lease-store.js';
import { backoff, type Settings } from './settings.js';
import type { Context, Exiting } from './state.js';

/**
 * Handles the reply to a release. If only the successor was notified, it gets a grace period before
 * everyone is notified.
 */
export function handleReleaseReply(state: Exiting, reply: ReleaseReply, context: Context): Exiting {
  const [id] = state.release;
  const isTerm = id === state.term?.id;
  if (reply.status === 'gone' || !isTerm) return withoutFirst(state);
  const released = { ...state, releasedAt: context.now };
  return reply.told === undefined || state.hasSuccessor
    ? withoutFirst(released)
    : awaitSuccessor(reply.told, released, context);
}

/**
 * Handles a failed release.
 *
 * Without an answer we do not know whom the release notified, if it took effect. The release is
 * repeated with a notice to everyone, unless a later leader is known or time is short.
 */
export function handleReleaseFailure(state: Exiting, { quiet, id }: ReleaseRequest, context: Context): Exiting {
  const { now, settings } = context;
  const inTime = now + backoff(settings.timeout) < settleBy(state, settings);
  const isRepeated = quiet && state.mustProbe && !state.hasSuccessor && inTime;
  if (isRepeated) return awaitSuccessor(id, state, context);
  const retired = state.releasedAt !== undefined ? state.retired : [...state.retired, id];
  return withoutFirst({ ...state, retired });
}

/** Own time at which an exit stops waiting for the store. */
export const settleBy = ({ drainBy }: Exiting, { timeout }: Settings): number => drainBy + timeout;

function awaitSuccessor(to: string, state: Exiting, { now, settings }: Context): Exiting {
  const grace = backoff(settings.timeout);
  return { ...state, awaitingSuccessor: { to, until: Math.min(now + grace, settleBy(state, settings) - grace) } };
}

/**
 * Handles the election of a leader while exiting. If its term is later than ours, the release needs
 * no further notice.
 */
export function handleSuccessor(state: Exiting, { token }: Holder): Exiting {
  const isReleasing = state.sent?.request.verb === 'release' || state.awaitingSuccessor;
  if (!isReleasing || !state.term || token === undefined || token <= state.term.token) return state;
  const updated: Exiting = { ...state, hasSuccessor: true };
  return state.awaitingSuccessor && !state.sent ? withoutFirst(updated) : updated;
}

/** Removes the first id from the ids to release. */
export function withoutFirst({ awaitingSuccessor: _, ...state }: Exiting): Exiting {
  return { ...state, release: state.release.slice(1) };
}
