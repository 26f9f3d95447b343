import type { Holder, Notice, ReleaseNotice } from '../port/lease-store.js';
import { handleCut, handleRival, renewSoon } from './challenge.js';
import { handleSuccessor } from './handover.js';
import { backoff, type Settings } from './settings.js';
import type { Campaigning, Context, NoticeState, State } from './state.js';
import { awaitHolder, earliestAfter, scheduleBy } from './wait.js';

/**
 * Releases in quick succession that each trigger an attempt at once. Several leaders may leave one
 * after the other.
 */
const BURST = 8;

/**
 * Handles a notice: decides when to send the next request, and who the holder is until then.
 *
 * A notice grants nothing and ends nothing. A lost, late, repeated or forged notice only costs
 * time: it delays a request by at most a ttl, and it cannot cause a flood of requests.
 */
export function handleNotice(before: State, notice: Notice, context: Context): State {
  const { now, settings, random } = context;
  switch (notice.kind) {
    case 'connected':
      return handleConnected(before, context);
    case 'listening': {
      // Earlier changes are unknown, so ask the store. Jitter spreads the requests of all
      // candidates.
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
 * Handles a new connection. The store may be another server run, so a waiting attempt or renewal
 * need not wait longer.
 *
 * Jitter spreads the requests, because every candidate receives this notice.
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

/**
 * Attempts at `at` or earlier. If a request is in flight, its reply may be older than the notice,
 * so the notice is handled again after the reply.
 */
function attemptBy(state: State, notice: Notice, at: number): State {
  if (state.phase !== 'campaigning') return state;
  if (state.sent) return { ...state, notices: { ...state.notices, deferred: notice } };
  return { ...state, nextAt: Math.min(state.nextAt, at) };
}

/**
 * Handles a new leader: pending attempts are not worth making until its lease expires.
 *
 * If that lease expires earlier than expected, the attempt is triggered earlier and counts against
 * the rate limit, like one after a release.
 */
function handleElected(state: Campaigning, holder: Holder, context: Context): Campaigning {
  const { settings } = context;
  // only a reply can make this candidate leader
  const isOwn = holder.id === state.id || state.retired.includes(holder.id);
  if (isOwn || state.role !== 'follower' || state.mustProbe) return state;
  const expiresIn = Math.min(holder.expiresIn, settings.ttl);
  const waiting = awaitHolder(state, { ...holder, expiresIn }, context);
  if (waiting.nextAt < state.nextAt) {
    return attemptRateLimited(
      waiting,
      Math.min(state.nextAt, Math.max(waiting.nextAt, earliestAllowed(state, context))),
    );
  }
  // An attempt delayed by less than a timeout still counts against the rate limit.
  const isRateLimited = waiting.notices.isRateLimited && expiresIn < settings.timeout;
  const notices = { ...waiting.notices, isRateLimited };
  // A request is sent at least once in a ttl, whatever notices say.
  const nextAt = Math.min(waiting.nextAt, Math.max(state.nextAt, state.lastSentAt + settings.ttl));
  return { ...waiting, notices, nextAt };
}

/**
 * Handles a release: attempts at once, or once in a timeout after too many releases.
 *
 * If the notice names another candidate as successor, that candidate gets a grace period first.
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

/** Own time at which the rate limit allows the next notice-driven attempt. */
const earliestAllowed = ({ notices }: Campaigning, { now, settings }: Context): number =>
  Math.max(now, notices.rateLimitedUntil + settings.timeout - burstTolerance(settings));

/** How many ms `rateLimitedUntil` may be ahead of the present. */
const burstTolerance = ({ timeout }: Settings): number => BURST * timeout;

/**
 * Counts the attempt that is made now against the rate limit. An attempt that was cancelled because
 * another candidate leads costs nothing.
 */
export function countAttempt(state: Campaigning, { now, settings }: Context): Campaigning {
  const { notices } = state;
  if (!notices.isRateLimited) return state;
  const rateLimitedUntil =
    Math.min(Math.max(notices.rateLimitedUntil, now), now + burstTolerance(settings)) + settings.timeout;
  return { ...state, notices: { ...notices, isRateLimited: false, rateLimitedUntil } };
}

/** Refunds a granted attempt. The grant proves that the notice was true. */
export const refundAttempt = (notices: NoticeState, { timeout }: Settings): NoticeState => ({
  ...notices,
  rateLimitedUntil: notices.rateLimitedUntil - timeout,
});
