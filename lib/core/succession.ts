import type { Holder, ReleaseReply } from '../store/lease-store.js';
import { backoff } from './settings.js';
import type { Context, Exiting } from './state.js';

/** Given up. Where only the successor was told, it is given a moment to take over before everyone is. */
export function hearRelease(state: Exiting, reply: ReleaseReply, { now, settings }: Context): Exiting {
  const [id] = state.release;
  if (reply.status === 'gone' || id !== state.term?.id) return withoutFirst(state);
  const released = { ...state, released: true, releasedAt: now };
  if (reply.told === undefined || state.succeeded) return withoutFirst(released);
  const moment = backoff(settings.timeout);
  return { ...released, handing: { to: reply.told, until: Math.min(now + moment, state.settleBy - moment) } };
}

/** A leader is told of: if it came after this one, there is nobody left who need be told of the release. */
export function hearSuccessor(state: Exiting, { token }: Holder): Exiting {
  if (!state.term || token === undefined || token <= state.term.token) return state;
  const succeeded: Exiting = { ...state, succeeded: true };
  return state.handing && !state.sent ? withoutFirst(succeeded) : succeeded;
}

/** The first of what was to be released is done with. */
export function withoutFirst({ handing: _, ...state }: Exiting): Exiting {
  return { ...state, release: state.release.slice(1) };
}
