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
    ...(term.run !== undefined && { run: term.run, ...(asksRun(state) && { asksRun: true }) }),
    ttl,
    name,
    ...(data !== undefined && { data }),
    ...(limit !== undefined && { notAfter: limit }),
  };
}

const asksRun = ({ notices }: State): boolean => notices.isRunInDoubt;

/** Who has a lease, to be renewed. */
type Holding = Leading | (Exiting & { readonly term: TermFacts });

/** `state` with its term extended by the renewal asked for at `sent.at`, and the next one planned. */
export function applyRenewal<S extends Holding>(state: S, sent: Sent, reply: Renewed, context: Context): S {
  const extended = extend(state, sent, context);
  return 'asksRun' in sent.request ? recordRun(extended, reply, context) : compareRun(extended, reply);
}

function extend<S extends Holding>(state: S, sent: Sent, context: Context): S {
  const { ttl, jitter, renewEvery } = context.settings;
  const deadline = Math.max(state.term.deadline, sent.at + lifetime(ttl));
  // Sooner or later than planned: so are many, after an outage or with a new connection, and would from then on renew all at the same time.
  const since = sent.at - renewedAt(state.term, ttl);
  const isPlanned = since > renewEvery / 3 && since < 1.2 * renewEvery;
  const spread = jitter > 0 && !isPlanned ? renewEvery : jitter;
  const renewAt = renewalAfter(sent.at, state.notices.rivalToken > state.term.token, context, spread);
  return { ...state, term: { ...state.term, deadline }, renewAt };
}

/** Own time at which the last renewal of `term` was asked for that was heard of, or its grant. */
const renewedAt = ({ deadline }: TermFacts, ttl: number): number => deadline - lifetime(ttl);

/** Who leads, and since when that is known: of oneself, since the last renewal was asked for. */
export const holderOf = (state: State, { ttl }: Settings): KnownHolder | undefined =>
  state.phase === 'leading' && state.holder
    ? { holder: state.holder.holder, at: renewedAt(state.term, ttl) }
    : state.holder;

/** The reply to a renewal while leading. */
export function handleRenewalReply(state: Leading, sent: Sent, reply: CandidateReply, context: Context): Step {
  switch (reply.status) {
    case 'renewed': {
      const calm = hasFailedRenewal(state) ? { ...state, error: undefined, mustProbe: false } : state;
      return next(applyRenewal(calm, sent, reply, context));
    }
    case 'lost': {
      const { holder } = reply;
      const answered = { ...campaign(state, context.now), mustProbe: false };
      const loser = { ...answered, id: context.nextId(context.settings), holder: holderIn(reply, context.now) };
      const waiting = holder ? awaitLease(loser, { status: 'held', holder }, context) : loser;
      const leader = holder && { leader: holder };
      return next({ ...waiting, role: 'follower' }, { role: 'follower', reason: 'lost', ...leader });
    }
    default: // late: not renewed, yet not lost either
      return next({
        ...handleLate(state, sent),
        mustProbe: false,
        renewAt: context.now + backoff(context.settings.timeout),
      });
  }
}

/**
 * Which run of the store has the lease now. One that has come to it by a failover is written down by another renewal at once: only what has been
 * granted or renewed by the present run is free as soon as it is given up. Two renewals, since the first may have been long on its way from the
 * run before; the second is bounded by the new one's own clock.
 */
function recordRun<S extends Holding>(state: S, { run }: Renewed, { now }: Context): S {
  if (state.notices.isRunInDoubt) return state; // since it was asked, there may be yet another
  return run === undefined || run === state.term.run ? state : { ...state, term: { ...state.term, run }, renewAt: now };
}

/** A store may tell its run unasked, where the lease may come to another without a word: if it has, the next renewal asks. */
function compareRun<S extends Holding>(state: S, { run }: Renewed): S {
  const { notices, term } = state;
  const isSame = run === undefined || term.run === undefined || run === term.run;
  return isSame ? state : { ...state, notices: { ...notices, isRunInDoubt: true } };
}

/** `state` in doubt as before about which run of the store answers, where a renewal that came too late was to find out. */
export const handleLate = <S extends Leading | Exiting>(state: S, { request }: Sent): S =>
  'asksRun' in request ? { ...state, notices: { ...state.notices, isRunInDoubt: true } } : state;

/** `state` with its failed renewal to be repeated, and in doubt about which run of the store will answer. */
export const repeatRenewal = <S extends Leading | Exiting>(state: S, { now, settings }: Context): S => ({
  ...state,
  renewAt: now + backoff(settings.timeout),
  notices: { ...state.notices, isRunInDoubt: true },
});

/** A failed renewal. The lease is held all the same until the deadline, so it is repeated and nothing is said. */
export function handleRenewalFailure(state: Leading, error: ElectionError, context: Context): Step {
  if (error.code !== 'KEY_CONFLICT') {
    return next({ ...repeatRenewal(state, context), error, mustProbe: mustProbeAfter(state.mustProbe, error) });
  }
  // Something else stands where the lease or its record was: nothing is certain any more, and no attempt can succeed before that is
  // gone. What may be left of the lease is then in everybody's way.
  const loser = retire({ ...campaign(state, context.now), mustProbe: false }, context);
  const failed = enterError(loser, error, context);
  return next(failed.state, { role: 'follower', reason: 'lost' }, ...failed.decisions);
}

/**
 * Ends a term past its deadline; anything else is left as it is. Comes before whatever happened, since with a blocked event loop
 * a reply can be heard before the timer that was due long ago.
 */
export function expire(state: State, context: Context): Step {
  if (state.phase === 'exiting' && state.term && context.now >= state.term.deadline) {
    return next({ ...state, renewAt: Number.POSITIVE_INFINITY });
  }
  if (state.phase !== 'leading' || context.now < state.term.deadline) return next(state);
  // Noticed only after the time kept for tearing down: this process was not running when it should have noticed.
  const stalled = context.now - state.term.deadline > guard(context.settings.ttl);
  const loser = retire({ ...campaign(state, context.now), role: 'follower' as const, holder: undefined }, context);
  const over = { ...loser, mustProbe: state.sent !== undefined || state.mustProbe };
  const told = { role: 'follower', reason: stalled ? 'stalled' : 'expired' } as const;
  if (stalled || !state.error) return next(over, told);
  const failed = enterError(over, state.error, context);
  return next(failed.state, told, ...failed.decisions);
}
