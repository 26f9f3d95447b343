import type { ElectionError } from '../port/errors.js';
import type { CandidateReply, Renewed, RenewRequest } from '../port/lease-store.js';
import { campaign, failing, isDark, known, renewalAfter, retire } from './campaign.js';
import { isTroubled } from './challenge.js';
import { notAfter } from './memory.js';
import { backoff, guard, lifetime, type Settings } from './settings.js';
import {
  type Context,
  type Exiting,
  type Known,
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

const asksRun = ({ hearing }: State): boolean => hearing.isDoubted;

/** Who has a lease, to be renewed. */
type Holding = Leading | (Exiting & { readonly term: TermFacts });

/** `state` with its term extended by the renewal asked for at `sent.at`, and the next one planned. */
export function hearRenewed<S extends Holding>(state: S, sent: Sent, reply: Renewed, context: Context): S {
  const extended = extend(state, sent, context);
  return 'asksRun' in sent.request ? identify(extended, reply, context) : hearRun(extended, reply);
}

function extend<S extends Holding>(state: S, sent: Sent, context: Context): S {
  const { ttl, jitter, renewEvery } = context.settings;
  const deadline = Math.max(state.term.deadline, sent.at + lifetime(ttl));
  // Sooner or later than planned: so are many, after an outage or with a new connection, and would from then on renew all at the same time.
  const since = sent.at - renewedAt(state.term, ttl);
  const isPlanned = since > renewEvery / 3 && since < 1.2 * renewEvery;
  const spread = jitter > 0 && !isPlanned ? renewEvery : jitter;
  const renewAt = renewalAfter(sent.at, state.hearing.challenger > state.term.token, context, spread);
  return { ...state, term: { ...state.term, deadline }, renewAt };
}

/** Own time at which the last renewal of `term` was asked for that was heard of, or its grant. */
const renewedAt = ({ deadline }: TermFacts, ttl: number): number => deadline - lifetime(ttl);

/** Who leads, and since when that is known: of oneself, since the last renewal was asked for. */
export const holderOf = (state: State, { ttl }: Settings): Known | undefined =>
  state.phase === 'leading' && state.holder
    ? { holder: state.holder.holder, at: renewedAt(state.term, ttl) }
    : state.holder;

/** The reply to a renewal while leading. */
export function hearRenewal(state: Leading, sent: Sent, reply: CandidateReply, context: Context): Step {
  switch (reply.status) {
    case 'renewed': {
      const calm = isTroubled(state) ? { ...state, error: undefined, dark: false } : state;
      return next(hearRenewed(calm, sent, reply, context));
    }
    case 'lost': {
      const { holder } = reply;
      const answered = { ...campaign(state, context.now), dark: false };
      const loser = { ...answered, id: context.nextId(context.settings), holder: known(reply, context.now) };
      const waiting = holder ? awaitLease(loser, { status: 'held', holder }, context) : loser;
      const leader = holder && { leader: holder };
      return next({ ...waiting, role: 'follower' }, { role: 'follower', reason: 'lost', ...leader });
    }
    default: // late: not renewed, yet not lost either
      return next({ ...hearLate(state, sent), dark: false, renewAt: context.now + backoff(context.settings.timeout) });
  }
}

/**
 * Which run of the store has the lease now. One that has come to it by a failover is written down by another renewal at once: only what has been
 * granted or renewed by the present run is free as soon as it is given up. Two renewals, since the first may have been long on its way from the
 * run before; the second is bounded by the new one's own clock.
 */
function identify<S extends Holding>(state: S, { run }: Renewed, { now }: Context): S {
  if (state.hearing.isDoubted) return state; // since it was asked, there may be yet another
  return run === undefined || run === state.term.run ? state : { ...state, term: { ...state.term, run }, renewAt: now };
}

/** A store may tell its run unasked, where the lease may come to another without a word: if it has, the next renewal asks. */
function hearRun<S extends Holding>(state: S, { run }: Renewed): S {
  const { hearing, term } = state;
  const isSame = run === undefined || term.run === undefined || run === term.run;
  return isSame ? state : { ...state, hearing: { ...hearing, isDoubted: true } };
}

/** `state` in doubt as before about which run of the store answers, where a renewal that came too late was to find out. */
export const hearLate = <S extends Leading | Exiting>(state: S, { request }: Sent): S =>
  'asksRun' in request ? { ...state, hearing: { ...state.hearing, isDoubted: true } } : state;

/** `state` with its failed renewal to be repeated, and in doubt about which run of the store will answer. */
export const repeatRenewal = <S extends Leading | Exiting>(state: S, { now, settings }: Context): S => ({
  ...state,
  renewAt: now + backoff(settings.timeout),
  hearing: { ...state.hearing, isDoubted: true },
});

/** A failed renewal. The lease is held all the same until the deadline, so it is repeated and nothing is said. */
export function failRenewal(state: Leading, error: ElectionError, context: Context): Step {
  if (error.code !== 'KEY_CONFLICT') {
    return next({ ...repeatRenewal(state, context), error, dark: isDark(state.dark, error) });
  }
  // Something else stands where the lease or its record was: nothing is certain any more, and no attempt can succeed before that is
  // gone. What may be left of the lease is then in everybody's way.
  const loser = retire({ ...campaign(state, context.now), dark: false }, context);
  const failed = failing(loser, error, context);
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
  const over = { ...loser, dark: state.sent !== undefined || state.dark };
  const told = { role: 'follower', reason: stalled ? 'stalled' : 'expired' } as const;
  if (stalled || !state.error) return next(over, told);
  const failed = failing(over, state.error, context);
  return next(failed.state, told, ...failed.decisions);
}
