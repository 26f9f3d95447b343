import { type ElectionError, isUnsent } from '../port/errors.js';
import type { AcquireReply, CandidateReply, CandidateRequest, Held, Suspect } from '../port/lease-store.js';
import { notAfter, watched } from './memory.js';
import { handleNotice, refundAttempt } from './notice.js';
import { backoff, lifetime } from './settings.js';
import {
  type Campaigning,
  type Context,
  common,
  type KnownHolder,
  type Leading,
  next,
  type Sent,
  type State,
  type Step,
} from './state.js';
import { awaitLease, earliestAfter, scheduleBy } from './wait.js';

/**
 * Whether the store gave no answer. The outcome of the request and the state of the store are then
 * unknown.
 */
export const isUnanswered = ({ code }: ElectionError): boolean =>
  code === 'STORE_TIMEOUT' || code === 'STORE_UNAVAILABLE';

/**
 * Whether an acquire request that failed with `error` may still have been granted, so that its id
 * may hold the lease.
 */
export const isDoubtful = (error: ElectionError): boolean =>
  !isUnsent(error) && (isUnanswered(error) || error.code === 'STORE_REPLY');

/**
 * The value of `mustProbe` after a failed request. A request that was never sent reveals nothing,
 * so the value stays.
 */
export const mustProbeAfter = (before: boolean, error: ElectionError): boolean =>
  isUnsent(error) ? before : isUnanswered(error);

/** Campaigns (again), with the next attempt at `nextAt`. */
export const campaign = (from: State, nextAt: number): Campaigning => ({
  ...common(from),
  phase: 'campaigning',
  hasFailed: from.phase === 'campaigning' && from.hasFailed,
  nextAt,
});

/**
 * Own time of the next renewal of a lease that was requested at `sentAt`.
 *
 * A challenge makes the renewal earlier. `spread` randomizes it, but only to an earlier time: a
 * later renewal would cost certainty.
 */
export function renewalAfter(
  sentAt: number,
  isChallenged: boolean,
  context: Context,
  spread = context.settings.jitter,
): number {
  const { settings, random } = context;
  const { renewEvery } = settings;
  const planned = sentAt + renewEvery - random() * Math.min(spread, renewEvery / 2);
  return isChallenged ? Math.min(planned, earliestAfter(sentAt, context)) : planned;
}

/**
 * The next request of a campaign.
 *
 * While the store does not answer, it only reads. Retired ids come before a new attempt, because
 * one of them may hold the lease.
 */
export function campaignRequest(state: Campaigning, { settings, now }: Context): CandidateRequest {
  const { key, timeout, ttl, name, data, coldStart } = settings;
  const [retired] = state.retired;
  if (state.mustProbe) return { verb: 'read', key, timeout };
  if (retired !== undefined) return { verb: 'release', key, timeout, id: retired };
  const limit = notAfter(state.memory, now, timeout);
  const watch = watched(state.memory, now, ttl);
  return {
    verb: 'acquire',
    key,
    timeout,
    id: state.id,
    ttl,
    name,
    ...(data !== undefined && { data }),
    lastToken: state.memory.token,
    ...(limit !== undefined && { notAfter: limit }),
    coldStart,
    ...(watch && { watched: watch }),
    ...(state.notices.isSubscribed && { hears: true }),
  };
}

/** Handles a reply while campaigning. The memory is already updated. */
export function handleCampaignReply(state: Campaigning, sent: Sent, reply: CandidateReply, context: Context): Step {
  const replied: Campaigning = { ...campaign(state, context.now), mustProbe: false };
  switch (sent.request.verb) {
    case 'acquire':
      return handleAcquireReply({ ...replied, hasFailed: false }, sent, reply as AcquireReply, context);
    case 'release':
      return next({ ...replied, retired: state.retired.slice(1) });
    default:
      return next({ ...replied, holder: holderIn(reply, context.now) });
  }
}

function handleAcquireReply(state: Campaigning, sent: Sent, reply: AcquireReply, context: Context): Step {
  switch (reply.status) {
    case 'granted': {
      const leading = lead(state, sent, reply, context);
      // The lease expired before its grant arrived. What remains of it would only block our next
      // attempt.
      if (context.now >= leading.term.deadline) return next(retire(state, context));
      return next(leading, { role: 'leader', term: leading.term });
    }
    case 'late':
      return next({ ...state, nextAt: context.now + backoff(context.settings.timeout) });
    case 'held':
    case 'suspect':
      return standBy(state, reply, context);
  }
}

function lead(
  state: Campaigning,
  sent: Sent,
  reply: { readonly token: number; readonly run?: string },
  context: Context,
): Leading {
  const { ttl, name, data } = context.settings;
  const deadline = sent.at + lifetime(ttl);
  const { token, run } = reply;
  const term = { id: state.id, token, ...(run !== undefined && { run }), deadline };
  const notices = { ...state.notices, deferred: undefined };
  const holder = { id: state.id, name, ...(data !== undefined && { data }), token, expiresIn: ttl };
  // One literal, without spreads. Spreads would give objects several hidden classes, which are slow
  // to access.
  return {
    phase: 'leading',
    id: state.id,
    memory: state.memory,
    role: 'leader',
    holder: { holder, at: sent.at },
    listed: undefined, // a leader is not on the standby list
    retired: state.retired,
    mustProbe: state.mustProbe,
    notices: refundAttempt(notices, context.settings),
    lastSentAt: state.lastSentAt,
    sent: undefined,
    term,
    renewAt: renewalAfter(sent.at, notices.rivalToken > token, context),
    error: undefined,
  };
}

/** Retires the current id. Its lease, if any, is released before the next attempt. */
export function retire<S extends State>(state: S, { nextId, settings }: Context): S {
  return { ...state, retired: [...state.retired, state.id], id: nextId(settings) };
}

/** The holder that a reply names. */
export const holderIn = (reply: CandidateReply, now: number): KnownHolder | undefined =>
  'holder' in reply && reply.holder ? { holder: reply.holder, at: now } : undefined;

function standBy(before: Campaigning, reply: Held | Suspect, context: Context): Step {
  const { deferred } = before.notices;
  const state: Campaigning = {
    ...before,
    notices: { ...before.notices, deferred: undefined },
    listed: before.id,
  };
  const awaiting = awaitLease(state, reply, context);
  const waiting = deferred ? handleNotice(awaiting, deferred, context) : awaiting;
  if (state.role === 'follower') return next(waiting);
  const leader = reply.status === 'held' && { leader: reply.holder };
  return next({ ...waiting, role: 'follower' }, { role: 'follower', reason: 'standby', ...leader });
}

/**
 * Handles a failed request while campaigning. The first unanswered request is retried before it
 * becomes `error`.
 */
export function handleCampaignFailure(
  state: Campaigning,
  { request }: Sent,
  error: ElectionError,
  context: Context,
): Step {
  const unanswered = isUnanswered(error);
  const doubtful = request.verb === 'acquire' && isDoubtful(error);
  const base = doubtful ? retire(state, context) : state;
  const failed = {
    ...campaign(base, context.now),
    mustProbe: mustProbeAfter(state.mustProbe, error),
    hasFailed: true,
  };
  if (unanswered && !state.hasFailed && state.role !== 'error') {
    return next({ ...failed, nextAt: context.now + backoff(context.settings.timeout) });
  }
  return enterError(failed, error, context);
}

/** Enters or keeps the role `error`, and retries by `wait`. */
export function enterError(state: Campaigning, error: ElectionError, context: Context): Step {
  const waiting: Campaigning = {
    ...state,
    role: 'error',
    holder: undefined,
    nextAt: scheduleBy(context),
  };
  return state.role === 'error' ? next(waiting) : next(waiting, { role: 'error', error });
}
