import type { ElectionError } from '../port/errors.js';
import type { CandidateReply, Renewed, RenewRequest } from '../port/lease-store.js';
import { campaign, enterError, holderIn, mustProbeAfter, renewalAfter, retire } from './campaign.js';
import { hasFailedRenewal } from './challenge.js';
import { notAfter } from './memory.js';
import { backoff, guard, lifetime, type Settings } from './settings.js';
import {
  type Context,
  type Exiting,
  type KnownHolder,
  type Leading,
  next,
  type Sent,
  type State,
  type Step,
  type TermFacts,
} from './state.js';
import { awaitLease } from './wait.js';

/** The request that extends `term`. */
export function renewRequest(state: State, term: TermFacts, { settings, now }: Context): RenewRequest {
  const { key, timeout, ttl, name, data } = settings;
  const limit = notAfter(state.memory, now, timeout);
  return {
    verb: 'renew',
    key,
    timeout,
    id: term.id,
    token: term.token,
    ...(term.run !== undefined && { run: term.run, ...(mustAskRun(state) && { asksRun: true }) }),
    ttl,
    name,
    ...(data !== undefined && { data }),
    ...(limit !== undefined && { notAfter: limit }),
  };
}

const mustAskRun = ({ notices }: State): boolean => notices.isRunInDoubt;

/** A state that holds a lease to renew. */
type Holding = Leading | (Exiting & { readonly term: TermFacts });

/** Extends the term by a renewal that was sent at `sent.at`, and plans the next one. */
export function applyRenewal<S extends Holding>(state: S, sent: Sent, reply: Renewed, context: Context): S {
  const extended = extend(state, sent, context);
  return 'asksRun' in sent.request ? recordRun(extended, reply, context) : compareRun(extended, reply);
}

function extend<S extends Holding>(state: S, sent: Sent, context: Context): S {
  const { ttl, jitter, renewEvery } = context.settings;
  const deadline = Math.max(state.term.deadline, sent.at + lifetime(ttl));
  // An unplanned renewal (after an outage or on a new connection) happens in many elections at
  // once. Spreading the next ones keeps them from staying in step.
  const since = sent.at - renewedAt(state.term, ttl);
  const isPlanned = since > renewEvery / 3 && since < 1.2 * renewEvery;
  const spread = jitter > 0 && !isPlanned ? renewEvery : jitter;
  const renewAt = renewalAfter(sent.at, state.notices.rivalToken > state.term.token, context, spread);
  return { ...state, term: { ...state.term, deadline }, renewAt };
}

/** Own time at which the last confirmed renewal of `term`, or its acquire request, was sent. */
const renewedAt = ({ deadline }: TermFacts, ttl: number): number => deadline - lifetime(ttl);

/**
 * The holder and when it was last known to hold the lease. For oneself, that is when the last
 * confirmed renewal was sent.
 */
export const holderOf = (state: State, { ttl }: Settings): KnownHolder | undefined =>
  state.phase === 'leading' && state.holder
    ? { holder: state.holder.holder, at: renewedAt(state.term, ttl) }
    : state.holder;

/** Handles the reply to a renewal while leading. */
export function handleRenewalReply(state: Leading, sent: Sent, reply: CandidateReply, context: Context): Step {
  switch (reply.status) {
    case 'renewed': {
      const recovered = hasFailedRenewal(state) ? { ...state, error: undefined, mustProbe: false } : state;
      return next(applyRenewal(recovered, sent, reply, context));
    }
    case 'lost': {
      const { holder } = reply;
      const answered = { ...campaign(state, context.now), mustProbe: false };
      const demoted = { ...answered, id: context.nextId(context.settings), holder: holderIn(reply, context.now) };
      const waiting = holder ? awaitLease(demoted, { status: 'held', holder }, context) : demoted;
      const leader = holder && { leader: holder };
      return next({ ...waiting, role: 'follower' }, { role: 'follower', reason: 'lost', ...leader });
    }
    default: // late: neither renewed nor lost
      return next({
        ...handleLate(state, sent),
        mustProbe: false,
        renewAt: context.now + backoff(context.settings.timeout),
      });
  }
}

/**
 * Records the server run that now has the lease.
 *
 * After a failover, a second renewal at once writes the new run to the record. A release frees a
 * lease without a wait only if the present run granted or renewed it. One renewal is not enough: it
 * may have been delayed since the run before. The second is bounded by the clock of the new run.
 */
function recordRun<S extends Holding>(state: S, { run }: Renewed, { now }: Context): S {
  // the connection changed since the request, so the run may have, too
  if (state.notices.isRunInDoubt) return state;
  return run === undefined || run === state.term.run ? state : { ...state, term: { ...state.term, run }, renewAt: now };
}

/**
 * Compares the server run that a store reports without being asked. If the run changed, the next
 * renewal asks for it.
 */
function compareRun<S extends Holding>(state: S, { run }: Renewed): S {
  const { notices, term } = state;
  const isSame = run === undefined || term.run === undefined || run === term.run;
  return isSame ? state : { ...state, notices: { ...notices, isRunInDoubt: true } };
}

/** Keeps the server run in doubt if the late renewal should have settled it. */
export const handleLate = <S extends Leading | Exiting>(state: S, { request }: Sent): S =>
  'asksRun' in request ? { ...state, notices: { ...state.notices, isRunInDoubt: true } } : state;

/** Schedules the retry of a failed renewal, and marks the server run as in doubt. */
export const repeatRenewal = <S extends Leading | Exiting>(state: S, { now, settings }: Context): S => ({
  ...state,
  renewAt: now + backoff(settings.timeout),
  notices: { ...state.notices, isRunInDoubt: true },
});

/**
 * Handles a failed renewal. The lease lasts until the deadline, so the renewal is retried and no
 * transition is emitted.
 */
export function handleRenewalFailure(state: Leading, error: ElectionError, context: Context): Step {
  if (error.code !== 'KEY_CONFLICT') {
    return next({ ...repeatRenewal(state, context), error, mustProbe: mustProbeAfter(state.mustProbe, error) });
  }
  // Another value has replaced the lease or its record. Nothing is certain any more, and no attempt
  // can succeed until that value is gone. What remains of the lease would block everyone, so its id
  // is retired.
  const demoted = retire({ ...campaign(state, context.now), mustProbe: false }, context);
  const failed = enterError(demoted, error, context);
  return next(failed.state, { role: 'follower', reason: 'lost' }, ...failed.decisions);
}

/**
 * Ends a term that is past its deadline. Returns any other state as it is.
 *
 * This check comes before every event: after a blocked event loop, a reply may arrive before the
 * overdue timer fires.
 */
export function expire(state: State, context: Context): Step {
  if (state.phase === 'exiting' && state.term && context.now >= state.term.deadline) {
    return next({ ...state, renewAt: Number.POSITIVE_INFINITY });
  }
  if (state.phase !== 'leading' || context.now < state.term.deadline) return next(state);
  // The guard has passed as well, so this process was not running when the term should have ended.
  const stalled = context.now - state.term.deadline > guard(context.settings.ttl);
  const demoted = retire({ ...campaign(state, context.now), role: 'follower' as const, holder: undefined }, context);
  const campaigning = { ...demoted, mustProbe: state.sent !== undefined || state.mustProbe };
  const change = { role: 'follower', reason: stalled ? 'stalled' : 'expired' } as const;
  if (stalled || !state.error) return next(campaigning, change);
  const failed = enterError(campaigning, state.error, context);
  return next(failed.state, change, ...failed.decisions);
}
