import type { Holder, ReleaseReply, ReleaseRequest } from '../port/lease-store.js';
import { backoff, type Settings } from './settings.js';
import type { Context, Exiting } from './state.js';

/** Given up. Where only the successor was told, it is given a moment to take over before everyone is. */
export function handleReleaseReply(state: Exiting, reply: ReleaseReply, context: Context): Exiting {
  const [id] = state.release;
  const isTerm = id === state.term?.id;
  if (reply.status === 'gone' || !isTerm) return withoutFirst(state);
  const released = { ...state, releasedAt: context.now };
  return reply.told === undefined || state.succeeded
    ? withoutFirst(released)
    : awaitSuccessor(reply.told, released, context);
}

/**
 * A release that failed. Whom one without an answer has told, if it came to that, is not known: where nobody leads in its stead, it is repeated
 * for everyone to hear, if there is time.
 */
export function handleReleaseFailure(state: Exiting, { quiet, id }: ReleaseRequest, context: Context): Exiting {
  const { now, settings } = context;
  const inTime = now + backoff(settings.timeout) < settleBy(state, settings);
  const isRepeated = quiet && state.mustProbe && !state.succeeded && inTime;
  if (isRepeated) return awaitSuccessor(id, state, context);
  const retired = state.releasedAt !== undefined ? state.retired : [...state.retired, id];
  return withoutFirst({ ...state, retired });
}

/** Own time at which an exit stops waiting for the store. */
export const settleBy = ({ drainBy }: Exiting, { timeout }: Settings): number => drainBy + timeout;

function awaitSuccessor(to: string, state: Exiting, { now, settings }: Context): Exiting {
  const moment = backoff(settings.timeout);
  return { ...state, awaitingSuccessor: { to, until: Math.min(now + moment, settleBy(state, settings) - moment) } };
}

/** A leader is told of: if it came after this one has released, there is nobody left who need be told of that. */
export function handleSuccessor(state: Exiting, { token }: Holder): Exiting {
  const isReleasing = state.sent?.request.verb === 'release' || state.awaitingSuccessor;
  if (!isReleasing || !state.term || token === undefined || token <= state.term.token) return state;
  const succeeded: Exiting = { ...state, succeeded: true };
  return state.awaitingSuccessor && !state.sent ? withoutFirst(succeeded) : succeeded;
}

/** The first of what was to be released is done with. */
export function withoutFirst({ awaitingSuccessor: _, ...state }: Exiting): Exiting {
  return { ...state, release: state.release.slice(1) };
}
