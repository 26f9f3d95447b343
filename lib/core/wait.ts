import type { Held, Holder, Suspect } from '../port/lease-store.js';
import { backoff, LONGEST_TIMER } from './settings.js';
import type { Campaigning, Context } from './state.js';

/** When to try again: in `within` ms, before jitter; and by `wait` unless it `isTold` of what happens before. */
export function scheduleBy(
  { settings, now, random }: Context,
  within = Number.POSITIVE_INFINITY,
  isTold = false,
): number {
  const delay = isTold ? within : Math.min(settings.wait, within);
  return now + Math.min(delay + random() * settings.jitter, LONGEST_TIMER);
}

/**
 * Own time at which a notice lets something be asked: `at`, unless something was asked just before, at `lastSentAt`. A flood of notices, or of
 * connections that do not last, makes none of requests.
 */
export const earliestAfter = (lastSentAt: number, { now, settings }: Context, at = now): number =>
  Math.max(at, lastSentAt + backoff(settings.timeout));

/** Waits for what `reply` tells of to be over; not for that alone where nobody would tell if it were over before. */
export function awaitLease(state: Campaigning, reply: Held | Suspect, context: Context): Campaigning {
  if (reply.status === 'held') return awaitHolder(state, reply.holder, context);
  return { ...state, nextAt: scheduleBy(context, reply.wait, state.notices.isSubscribed), holder: undefined };
}

/** The same for the lease of `holder`: go-leader, which has no token, does not tell. */
export function awaitHolder(state: Campaigning, holder: Holder, context: Context): Campaigning {
  const within = holder.expiresIn + 1; // a lease is still there in the very millisecond in which it ends
  const isTold = state.notices.isSubscribed && holder.token !== undefined;
  return { ...state, nextAt: scheduleBy(context, within, isTold), holder: { holder, at: context.now } };
}
