import type { CutNotice } from '../store/lease-store.js';
import { backoff, lifetime } from './settings.js';
import type { Context, Exiting, Leading, State } from './state.js';

/** Own time at which a lease is renewed that was cut: at once, unless it was asked for just before, at `at`. A flood of cuts makes none of renewals. */
export const renewalOfCut = (at: number, { now, settings }: Context): number =>
  Math.max(now, at + backoff(settings.timeout));

/** Whether the renewal before has failed. */
export const isTroubled = (state: Leading | Exiting): boolean =>
  state.dark || (state.phase === 'leading' && state.error !== undefined);

/** Somebody has cut a lease to a shorter ttl. Its holder believes in it for longer than it lasts now, unless it renews it. */
export function hearCut(state: State, notice: CutNotice, context: Context): State {
  // Its grant may still be on its way.
  if (state.phase === 'campaigning' && state.sent && state.id === notice.id) return cutMeanwhile(state);
  if ((state.phase !== 'leading' && state.phase !== 'exiting') || state.term?.id !== notice.id) return state;
  if (state.sent) return cutMeanwhile(state);
  if (isTroubled(state)) return state; // it is renewed again and again already
  const renewedAt = state.term.deadline - lifetime(context.settings.ttl);
  return { ...state, renewAt: Math.min(state.renewAt, renewalOfCut(renewedAt, context)) };
}

/** Heard after the answer that is awaited. */
const cutMeanwhile = (state: State): State => ({ ...state, hearing: { ...state.hearing, isCut: true } });
