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

/** Codes of failures after which it is unknown whether the request took effect and whether anyone hears us. */
export const isUnanswered = ({ code }: ElectionError): boolean =>
  code === 'STORE_TIMEOUT' || code === 'STORE_UNAVAILABLE';

/** Whether that leaves open what became of a request to acquire, so that its id may hold the lease. */
export const isDoubtful = (error: ElectionError): boolean =>
  !isUnsent(error) && (isUnanswered(error) || error.code === 'STORE_REPLY');

/** Whether it is dark after that failure. Of a request that was never sent there is nothing to learn. */
export const mustProbeAfter = (before: boolean, error: ElectionError): boolean =>
  isUnsent(error) ? before : isUnanswered(error);

/** Back to the race, the next attempt at `nextAt`. */
export const campaign = (from: State, nextAt: number): Campaigning => ({
  ...common(from),
  phase: 'campaigning',
  nextAt,
});

/**
 * Own time of the next renewal of a lease asked for at `sentAt`: earlier where it was called in question since. Jitter, or as much as it is to be
 * `spread`, makes it earlier only, too: later would cost certainty.
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

/** What to ask next. In the dark only reads; retired ids before any new attempt: one of them may be what holds the lease. */
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

/** A reply while campaigning; the memory has learnt from it already. */
export function handleCampaignReply(state: Campaigning, sent: Sent, reply: CandidateReply, context: Context): Step {
  const answered: Campaigning = { ...campaign(state, context.now), mustProbe: false };
  switch (sent.request.verb) {
    case 'acquire':
      return handleAcquireReply({ ...answered, failures: 0 }, sent, reply as AcquireReply, context);
    case 'release':
      return next({ ...answered, retired: state.retired.slice(1) });
    default:
      return next({ ...answered, holder: holderIn(reply, context.now) });
  }
}

function handleAcquireReply(state: Campaigning, sent: Sent, reply: AcquireReply, context: Context): Step {
  switch (reply.status) {
    case 'granted': {
      const leading = lead(state, sent, reply, context);
      // A grant that took longer than the lease it grants is none; whatever is left of it is in our own way.
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
  // Each field, in one place: what is put together of parts has a layout of its own for each way to come here, and is slow from then on.
  return {
    phase: 'leading',
    id: state.id,
    memory: state.memory,
    role: 'leader',
    holder: { holder, at: sent.at },
    listed: undefined, // who leads stands by no more
    retired: state.retired,
    mustProbe: state.mustProbe,
    notices: refundAttempt(notices, context.settings),
    lastSentAt: state.lastSentAt,
    failures: state.failures,
    sent: undefined,
    term,
    renewAt: renewalAfter(sent.at, notices.rivalToken > token, context),
    error: undefined,
  };
}

/** Puts the current id out of use, to be compare-and-deleted before the next attempt. */
export function retire<S extends State>(state: S, { nextId, settings }: Context): S {
  return { ...state, retired: [...state.retired, state.id], id: nextId(settings) };
}

/** Whom a reply names as the holder. */
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

/** A failed request while campaigning. The first silence is no news yet: it is tried again before it becomes `error`. */
export function handleCampaignFailure(
  state: Campaigning,
  { request }: Sent,
  error: ElectionError,
  context: Context,
): Step {
  const silent = isUnanswered(error);
  const doubtful = request.verb === 'acquire' && isDoubtful(error);
  const known = doubtful ? retire(state, context) : state;
  const failed = {
    ...campaign(known, context.now),
    mustProbe: mustProbeAfter(state.mustProbe, error),
    failures: state.failures + 1,
  };
  if (silent && state.failures === 0 && state.role !== 'error') {
    return next({ ...failed, nextAt: context.now + backoff(context.settings.timeout) });
  }
  return enterError(failed, error, context);
}

/** Into, or on in, the role `error`, trying again by `wait`. */
export function enterError(state: Campaigning, error: ElectionError, context: Context): Step {
  const waiting: Campaigning = {
    ...state,
    role: 'error',
    holder: undefined,
    nextAt: scheduleBy(context),
  };
  return state.role === 'error' ? next(waiting) : next(waiting, { role: 'error', error });
}
