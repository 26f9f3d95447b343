import type { Held, Holder, Suspect } from '../port/lease-store.js';
import { backoff, LONGEST_TIMER } from './settings.js';
import type { Campaigning, Context } from './state.js';

/**
 * Own time of the next attempt: in `within` ms, plus jitter. Limited by `wait`, unless notices will
 * report changes.
 */
export function scheduleBy(
  { settings, now, random }: Context,
  within = Number.POSITIVE_INFINITY,
  isNotified = false,
): number {
  const delay = isNotified ? within : Math.min(settings.wait, within);
  return now + Math.min(delay + random() * settings.jitter, LONGEST_TIMER);
}

/**
 * Own time at which a notice may trigger a request: `at`, or later if a request was sent just
 * before.
 *
 * So a flood of notices or of short connections causes no flood of requests.
 */
export const earliestAfter = (lastSentAt: number, { now, settings }: Context, at = now): number =>
  Math.max(at, lastSentAt + backoff(settings.timeout));

/**
 * Waits until the lease in `reply` may be free. Also retries by `wait` if no notice would report an
 * earlier end.
 */
export function awaitLease(state: Campaigning, reply: Held | Suspect, context: Context): Campaigning {
  if (reply.status === 'held') return awaitHolder(state, reply.holder, context);
  return { ...state, nextAt: scheduleBy(context, reply.wait, state.notices.isSubscribed), holder: undefined };
}

/**
 * Waits until the lease of `holder` may be free. A holder without a token (go-leader) publishes no
 * notices.
 */
export function awaitHolder(state: Campaigning, holder: Holder, context: Context): Campaigning {
  const within = holder.expiresIn + 1; // a lease still exists in the millisecond in which it expires
  const isNotified = state.notices.isSubscribed && holder.token !== undefined;
  return { ...state, nextAt: scheduleBy(context, within, isNotified), holder: { holder, at: context.now } };
}
