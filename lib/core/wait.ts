import type { Held, Holder, Suspect } from '../store/lease-store.js';
import { LONGEST_TIMER } from './settings.js';
import type { Campaigning, Context } from './state.js';

/** When to try again: `within` ms, before jitter. */
const schedule = ({ settings, now, random }: Context, within: number): number =>
  now + Math.min(within + random() * settings.jitter, LONGEST_TIMER);

/** When to try again where nothing but time tells: by `wait`, and by `within` ms if that is sooner. */
export const scheduleBy = (context: Context, within = Number.POSITIVE_INFINITY): number =>
  schedule(context, Math.min(context.settings.wait, within));

/** Waits for the lease that `reply` tells of to run out, or for `wait`, whichever is first. */
export function awaitLease(state: Campaigning, reply: Held | Suspect, context: Context): Campaigning {
  if (reply.status === 'held') return awaitHolder(state, reply.holder, context);
  const nextAt = state.hearing.live ? schedule(context, reply.wait) : scheduleBy(context, reply.wait);
  return { ...state, nextAt, holder: undefined };
}

/** The same for the lease of `holder`; not for that alone where nobody would tell if it were given up before: go-leader does not. */
export function awaitHolder(state: Campaigning, holder: Holder, context: Context): Campaigning {
  const within = holder.expiresIn + 1; // a lease is still there in the very millisecond in which it ends
  const isTold = state.hearing.live && holder.token !== undefined;
  const nextAt = isTold ? schedule(context, within) : scheduleBy(context, within);
  return { ...state, nextAt, holder: { holder, at: context.now } };
}
