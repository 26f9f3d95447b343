import type { Holder, Notice, ReleaseNotice } from '../port/lease-store.js';
import { handleCut, handleRival, renewSoon } from './challenge.js';
import { handleSuccessor } from './handover.js';
import { backoff, type Settings } from './settings.js';
import type { Campaigning, Context, NoticeState, State } from './state.js';
import { awaitHolder, earliestAfter, scheduleBy } from './wait.js';

/** Releases that are each followed by an attempt at once, however close together: several leaders may leave one after the other. */
const BURST = 8;

/**
 * What is made of a notice: when to ask next, and whom to take for the holder until then. It grants nothing and ends nothing, so that
 * one which is lost, late, repeated or forged costs time at most: a little, since it can neither keep a candidate from asking for longer
 * than a ttl, nor make it ask in a flood.
 */
export function handleNotice(before: State, notice: Notice, context: Context): State {
  const { now, settings, random } = context;
  switch (notice.kind) {
    case 'connected':
      return handleConnected(before, context);
    case 'listening': {
      // What was told before is not known: it is asked for, though not by everybody at once.
      const state = { ...before, notices: { ...before.notices, isSubscribed: true } };
      return attemptBy(state, notice, now + random() * settings.jitter);
    }
    case 'deaf': {
      if (!before.notices.isSubscribed) return before;
      const state = { ...before, notices: { ...before.notices, isSubscribed: false } };
      return state.phase === 'campaigning' ? { ...state, nextAt: Math.min(state.nextAt, scheduleBy(context)) } : state;
    }
    case 'cut':
      return handleCut(before, notice, context);
    case 'elected':
      if (before.phase === 'exiting') return handleSuccessor(before, notice.holder);
      if (before.phase === 'campaigning' && !before.sent) return handleElected(before, notice.holder, context);
      return handleRival(before, notice.holder, context);
    case 'released':
      return before.phase === 'campaigning' ? handleReleased(before, notice, context) : before;
  }
}

/**
 * The store can be reached again, and may be another run of it: a waiting attempt need wait no longer, nor need a renewal that finds out. Spread by
 * jitter, since every candidate hears it.
 */
function handleConnected(state: State, context: Context): State {
  const { now, settings, random } = context;
  const notices = { ...state.notices, isRunInDoubt: true };
  const soon = now + random() * settings.jitter;
  switch (state.phase) {
    case 'campaigning':
      return {
        ...state,
        notices,
        nextAt: Math.min(state.nextAt, earliestAfter(state.lastSentAt, context, soon)),
      };
    case 'leading':
      if (state.error && !state.sent) {
        return { ...state, notices, renewAt: Math.min(state.renewAt, earliestAfter(state.lastSentAt, context)) };
      }
      return renewSoon({ ...state, notices }, Number.POSITIVE_INFINITY, soon, context);
    case 'exiting':
      return renewSoon({ ...state, notices }, Number.POSITIVE_INFINITY, soon, context);
    default:
      return state;
  }
}

/** Asks by `at`; what is being asked may have been answered before the notice, which is then heard again after the answer. */
function attemptBy(state: State, notice: Notice, at: number): State {
  if (state.phase !== 'campaigning') return state;
  if (state.sent) return { ...state, notices: { ...state.notices, deferred: notice } };
  return { ...state, nextAt: Math.min(state.nextAt, at) };
}

/**
 * There is a new leader: attempts that are pending are not worth making until its lease runs out. Told that it runs out earlier than what is waited
 * for, it hastens an attempt as a release does.
 */
function handleElected(state: Campaigning, holder: Holder, context: Context): Campaigning {
  const { settings } = context;
  const isOwn = holder.id === state.id || state.retired.includes(holder.id); // only an answer makes a leader
  if (isOwn || state.role !== 'follower' || state.mustProbe) return state;
  const expiresIn = Math.min(holder.expiresIn, settings.ttl);
  const waiting = awaitHolder(state, { ...holder, expiresIn }, context);
  if (waiting.nextAt < state.nextAt) {
    return attemptRateLimited(
      waiting,
      Math.min(state.nextAt, Math.max(waiting.nextAt, earliestAllowed(state, context))),
    );
  }
  // One that is put off by less than a timeout is hastened still.
  const isRateLimited = waiting.notices.isRateLimited && expiresIn < settings.timeout;
  const notices = { ...waiting.notices, isRateLimited };
  // Once in a ttl it is asked for whatever is told.
  const nextAt = Math.min(waiting.nextAt, Math.max(state.nextAt, state.lastSentAt + settings.ttl));
  return { ...waiting, notices, nextAt };
}

/**
 * A lease was given up: asked for at once, or, where that has been told again and again, once in a timeout. Where somebody else is named to
 * take it, only after a grace, in which that one is told to lead if it is still there.
 */
function handleReleased(before: Campaigning, notice: ReleaseNotice, context: Context): State {
  const { now, settings, random } = context;
  if (before.sent) return attemptBy(before, notice, now);
  const isOver = before.holder?.holder.id === notice.id;
  const isNamed = notice.successor === undefined || notice.successor === before.id;
  const grace = isNamed ? 0 : backoff(settings.timeout) + random() * settings.jitter;
  const state = isOver ? { ...before, holder: undefined } : before;
  return attemptRateLimited(state, Math.min(before.nextAt, earliestAllowed(before, context) + grace));
}

const attemptRateLimited = (state: Campaigning, nextAt: number): Campaigning => ({
  ...state,
  notices: { ...state.notices, isRateLimited: true },
  nextAt,
});

/** When the next attempt may be made that is hastened by what was told. */
const earliestAllowed = ({ notices }: Campaigning, { now, settings }: Context): number =>
  Math.max(now, notices.rateLimitedUntil + settings.timeout - burstTolerance(settings));

/** How far the attempts may be ahead that releases have hastened, in ms. */
const burstTolerance = ({ timeout }: Settings): number => BURST * timeout;

/** An attempt that is made now. One that was cancelled, since somebody else was told to lead, costs nothing. */
export function countAttempt(state: Campaigning, { now, settings }: Context): Campaigning {
  const { notices } = state;
  if (!notices.isRateLimited) return state;
  const rateLimitedUntil =
    Math.min(Math.max(notices.rateLimitedUntil, now), now + burstTolerance(settings)) + settings.timeout;
  return { ...state, notices: { ...notices, isRateLimited: false, rateLimitedUntil } };
}

/** What is left once one of them was granted: nor does that cost anything, since nobody could have told of it falsely. */
export const refundAttempt = (notices: NoticeState, { timeout }: Settings): NoticeState => ({
  ...notices,
  rateLimitedUntil: notices.rateLimitedUntil - timeout,
});
